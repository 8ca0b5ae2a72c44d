"""Lip sync on a man who really talks, his sound moved in memory; where a recording of him lies at hand."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.scheduler.analyzers.face_tracker import FaceTracker
from argusd.scheduler.analyzers.lipsync import LipSyncAnalyzer
from argusd.scheduler.contract.media import SAMPLE_RATE
from argusd.scheduler.contract.policy import Policy
from argusd.scheduler.core import Moment
from argusd.scheduler.models.lips.mouth_correlation import HOP, WINDOW, Correlation, MouthCorrelation
from argusd.scheduler.models.outputs import SeenMouth

from ...media import AMI, OURS
from ..recordings import Film, Runners, frames, samples

CLIP, SECONDS, TIMES = OURS / "valset" / "media" / "vrt_2.mp4", 5, 4
LOOKS_HZ = Policy().rates.mouth
NO_CROPS = np.zeros((0, 48, 96, 3), np.uint8)

pytestmark = [
    pytest.mark.weights,
    pytest.mark.skipif(not CLIP.exists(), reason="this recording is not at hand"),
]


class Talk(NamedTuple):
    """How far a mouth was open at each time, and what was heard meanwhile."""

    times: NDArray[np.float64]
    openings: NDArray[np.float64]
    sound: NDArray[np.int16]


@pytest.fixture(scope="module")
def talk(runners: Runners) -> Talk:
    """Five seconds of one man, four times over."""
    looks = np.array([look for look in mouths(runners, frames(CLIP)) if look[0] < SECONDS])
    times = np.concatenate([looks[:, 0] + SECONDS * number for number in range(TIMES)])
    sound = samples(CLIP)[: SECONDS * SAMPLE_RATE]
    return Talk(times, np.tile(looks[:, 1], TIMES), np.tile(sound, TIMES))


def mouths(runners: Runners, film: Film) -> Iterator[tuple[float, float]]:
    tracker, due_s = FaceTracker(), 0.0
    for media_s, frame in film:
        if media_s < due_s - 1e-6:
            continue
        due_s = max(due_s + 1 / LOOKS_HZ, media_s)
        if tracker.mesh_region() is None:
            tracker.see_faces(runners("face_detector").look(frame), max(frame.info.width, frame.info.height))
        mesh = runners("face_mesh").look(frame, tracker.mesh_region())
        if tracker.see_mesh(mesh):
            yield media_s, mesh.mouth_open


def judged(talk: Talk, sound: NDArray[np.int16]) -> LipSyncAnalyzer:
    """The stream after it compared this mouth with this sound for as long as they last."""
    stream, model, engine = LipSyncAnalyzer(Policy()), MouthCorrelation(), Correlation()
    for first in range(0, len(sound) - WINDOW, HOP):
        begins_s = first / SAMPLE_RATE
        since = talk.times >= begins_s
        seen = SeenMouth(talk.times[since] - begins_s, talk.openings[since], np.zeros(0), NO_CROPS)
        [curve] = model.compare(engine.run(model.pair(sound[None, first : first + WINDOW], [seen])), [seen])
        stream.absorb("lip_sync", curve, Moment(begins_s, begins_s, 0.0, lasts_s=HOP / SAMPLE_RATE))
    return stream


def moved(talk: Talk, late_ms: int) -> NDArray[np.int16]:
    return np.roll(talk.sound, late_ms * SAMPLE_RATE // 1000)


@pytest.mark.parametrize("late_ms", [-520, -400, 320, 440])
def test_sound_that_was_moved_far_is_found_where_it_went(talk: Talk, late_ms: int) -> None:
    latest = judged(talk, moved(talk, late_ms)).latest()
    assert latest["violations"] == ["lip_sync_violation"]
    assert latest["sync"] == ("late" if late_ms > 0 else "early")
    assert latest["offset_ms"] == pytest.approx(late_ms + 40, abs=80), "mouths open a little before the sound"


@pytest.mark.parametrize("late_ms", [-120, 0, 120])
def test_what_nobody_notices_is_none(talk: Talk, late_ms: int) -> None:
    latest = judged(talk, moved(talk, late_ms)).latest()
    assert latest["violations"] == []
    assert latest["sync"] == "in_sync"


@pytest.mark.parametrize("speaker", range(4))
def test_somebody_else_who_speaks_in_the_room_tells_nothing(talk: Talk, speaker: int) -> None:
    said = [samples(AMI.path(f"{AMI.speakers[speaker]}-000{number}")) for number in (0, 1)]
    sound = np.resize(np.concatenate(said), len(talk.sound))
    assert judged(talk, sound).latest()["sync"] == "unknown"


def test_a_room_that_babbles_hides_it_and_accuses_nobody(talk: Talk) -> None:
    babble = sum(
        np.resize(samples(AMI.path(f"{speaker}-0000")), len(talk.sound)).astype(np.float64)
        for speaker in AMI.speakers
    )
    level = np.std(talk.sound.astype(np.float64)) / np.std(babble)
    sound = np.clip(moved(talk, 0) + babble * level, -32768, 32767).astype(np.int16)
    assert judged(talk, sound).latest()["violations"] == []
