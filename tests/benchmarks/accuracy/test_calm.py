"""Calm minutes: what may change there, what is counted as a false alarm, and what is told of drawn people."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.benchmarks.accuracy.calm.alarms import Alarm, Watched, judged
from argusd.benchmarks.accuracy.calm.disturbances import FRAMES_PER_S, STILL, Shot, poster_of
from argusd.benchmarks.accuracy.calm.hours import (
    Clip,
    blocks,
    calm_in,
    in_step,
    looped,
    shared_out,
    watch,
    webcam,
)
from argusd.benchmarks.accuracy.labels import Item, Spans
from argusd.benchmarks.accuracy.replays import BLOCK
from argusd.benchmarks.films.drawn import SCENES, film
from argusd.benchmarks.gates import portrait
from argusd.benchmarks.rigs.cache import CACHE
from argusd.benchmarks.rigs.virtual import daemon_models
from argusd.scheduler.contract.media import SAMPLE_RATE
from argusd.scheduler.zoo.store import ZooStore

GREY = np.full((48, 64, 3), 128, np.uint8)
SILENCE = np.zeros(0, np.int16)


def test_what_the_labels_do_not_name_is_not_there(tmp_path_factory: pytest.TempPathFactory) -> None:
    item = Item(
        file="a",
        path=tmp_path_factory.getbasetemp(),
        kind="video",
        segments={"gaze_away": Spans(), "lip_sync": Spans()},
    )
    assert {"phone_detected", "face_absent"} <= calm_in(item)
    assert calm_in(item).isdisjoint({"gaze_away", "lip_sync"})


@pytest.mark.parametrize("name", STILL)
def test_a_disturbance_changes_a_picture_and_not_what_it_is_made_of(name: str) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (48, 64, 3)).astype(np.uint8)
    before = picture.copy()
    disturb = STILL[name](48, 64, 1)
    first, later = disturb(Shot(picture), 0.0), disturb(Shot(picture), 3.3)
    assert (picture == before).all()
    assert first.shape == later.shape
    assert first.dtype == np.uint8
    assert all(side % 2 == 0 for side in first.shape[:2])
    assert (first.shape != picture.shape or (first != picture).any()) == (name != "plain")
    same = STILL[name](48, 64, 1)(Shot(picture), 3.3)
    assert (same == later).all()


def test_a_poster_hangs_beside_the_person() -> None:
    poster = poster_of(np.full((512, 512, 3), (0, 0, 255), np.uint8))(48, 64, 0)
    shown = poster(Shot(GREY), 1.0)
    assert shown.shape == (48, 64 + 24, 3)
    assert (shown[:, :64] == GREY).all()
    assert (shown[:, 64:] == (0, 0, 255)).all(axis=2).any()


def test_a_silent_clip_goes_to_and_fro_and_one_with_sound_begins_again() -> None:
    shots = [Shot(np.full((2, 2, 3), level, np.uint8)) for level in range(3)]
    silent, spoken = (Clip("a", shots, sound, frozenset()) for sound in (SILENCE, np.ones(640, np.int16)))
    shown = [int(next(each).picture[0, 0, 0]) for each in [looped(silent)] for _ in range(8)]
    assert shown == [0, 1, 2, 1, 0, 1, 2, 1]
    shown = [int(next(each).picture[0, 0, 0]) for each in [looped(spoken)] for _ in range(4)]
    assert shown == [0, 1, 2, 0]
    heard = blocks(spoken.sound)
    assert [len(next(heard)) for _ in range(3)] == [320, 320, 320]


@given(st.integers(3, 40), st.integers(1, 40_000))
def test_voices_stay_with_their_mouths_however_often_a_clip_begins_again(frames: int, samples: int) -> None:
    shown, heard = in_step([GREY] * frames, np.ones(samples, np.int16))
    assert frames - 3 < len(shown) <= frames
    assert len(shown) / FRAMES_PER_S == len(heard) / SAMPLE_RATE
    assert len(heard) % BLOCK == 0
    assert heard.sum() == min(samples, len(heard))


def test_a_silent_clip_stays_silent() -> None:
    shown, heard = in_step([GREY] * 5, SILENCE)
    assert (len(shown), len(heard)) == (5, 0)


@given(st.floats(0.1, 500), st.integers(1, 20), st.integers(1, 12))
def test_minutes_are_shared_out(minutes: float, clips: int, disturbances: int) -> None:
    seconds, shown = shared_out(minutes, clips, disturbances)
    sessions = sum(map(len, shown))
    assert seconds * sessions == pytest.approx(60 * minutes)
    assert seconds >= min(60.0, 60 * minutes)
    assert all(len(set(chosen)) == len(chosen) for chosen in shown)
    assert max(map(len, shown)) - min(map(len, shown)) <= 1
    if minutes >= clips * disturbances:
        assert sessions == clips * disturbances
    elif sessions >= disturbances and clips >= disturbances:
        assert {each for chosen in shown for each in chosen} == set(range(disturbances))


def test_alarms_are_counted_by_the_hour() -> None:
    watched = [
        Watched(
            {
                ("plain", "gaze_away"): 1800.0,
                ("dark", "gaze_away"): 1800.0,
                ("plain", "phone_detected"): 7200.0,
            },
            [Alarm("gaze_away", "a.mp4", "dark", 12.34, "left")],
        )
    ]
    found = judged(watched)
    (table,) = found.tables
    assert table.columns[4:] == ["plain", "dark"]
    assert [row[:3] + row[4:] for row in table.rows] == [
        ["phone_detected", 2.0, 0.0, 0, "–"],
        ["gaze_away", 1.0, 1.0, 0, 1],
    ]
    metric = found.metrics["calm.gaze_away_an_hour"]
    assert metric.value == 1.0
    assert metric.spread is not None
    assert metric.spread[1] == pytest.approx(4.744, abs=1e-3)
    (verdict,) = found.verdicts
    assert (verdict.finding, verdict.wrong) == ("calm.gaze_away", "false")


@pytest.mark.weights
async def test_a_drawn_person_who_sits_still_is_accused_of_nothing_and_nobody_is_missed() -> None:
    """Five seconds under changing light, then of an empty chair: the alarm that must come does."""
    models, person = daemon_models(), portrait(ZooStore(CACHE))

    def shown(scene: str) -> list[str]:
        shots = [Shot(webcam(planes)) for _, planes in film(person, SCENES[scene], 2.0)]
        clip = Clip(scene, shots, SILENCE, frozenset({"face_absent", "multiple_people", "head_turned"}))
        return [alarm.finding for alarm in watch(models, clip, {"light": STILL["light"]}, 5.0).alarms]

    assert shown("calm") == []
    assert shown("empty") == ["face_absent"]
