"""A session's state over time, and that of each of its tracks."""

from collections import Counter
from itertools import accumulate, groupby
from operator import itemgetter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.ingest.config import IngestConfig
from argusd.ingest.liveness import Standing, TrackLiveness, TrackStanding, cause, standing

SECOND = 1_000_000_000
CONFIG = IngestConfig(runtime_dir=Path("run"), stale_s=2, closed_s=10, connect_s=15)


@pytest.mark.parametrize(
    ("last_media_s", "now_s", "expected"),
    [
        (0, 14.9, Standing("connecting")),
        (0, 15, Standing("closed", "never_connected")),
        (20, 20.5, Standing("live")),
        (20, 22, Standing("stale")),
        (20, 29.9, Standing("stale")),
        (20, 30, Standing("closed", "silent")),
    ],
)
def test_silence_decides(last_media_s: float, now_s: float, expected: Standing) -> None:
    opened = 100 * SECOND
    last = int((100 + last_media_s) * SECOND) if last_media_s else 0
    assert standing(CONFIG, opened, last, int((100 + now_s) * SECOND)) == expected


def test_a_session_is_as_patient_as_its_most_patient_track() -> None:
    assert standing(CONFIG, 0, SECOND, 4 * SECOND, patience_s=4) == Standing("live")
    assert standing(CONFIG, 0, SECOND, 5 * SECOND, patience_s=4) == Standing("stale")


class Watched:
    """A track that is looked at twice a second, from the moment on when it could have brought something."""

    def __init__(self) -> None:
        self.liveness = TrackLiveness(2.0, 0)
        self.reason = "no_media"
        self.now_s = 0.0
        self.told: list[tuple[float, TrackStanding]] = []

    def until(self, until_s: float, frames: list[float], *, ended: bool = False) -> None:
        """Go on to ``until_s``; pictures came at these seconds."""
        while self.now_s < until_s:
            self.now_s += 0.5
            published = sum(at < self.now_s for at in frames)
            if self.liveness.look(int(self.now_s * SECOND), published, lambda: self.reason, ended=ended):
                self.told.append((self.now_s, self.liveness.standing))


def at_rate(period_s: float, until_s: float) -> list[float]:
    return [0.1 + period_s * index for index in range(round(until_s / period_s))]


def states(track: Watched) -> list[tuple[float, str, str]]:
    return [(at, standing.state, standing.reason) for at, standing in track.told]


def test_a_track_that_stops_is_stale_and_live_again_when_it_goes_on() -> None:
    track = Watched()
    frames = at_rate(1 / 30, 10) + [30 + at for at in at_rate(1 / 30, 5)]
    track.until(40, frames)
    assert states(track) == [
        (0.5, "live", ""),
        (12.5, "stale", "no_media"),
        (31.0, "live", ""),
        (37.5, "stale", "no_media"),
    ]
    assert track.told[1][1].since_ns == int(10.5 * SECOND)  # the look that saw the last picture


def test_a_track_that_never_begins_is_stale_too() -> None:
    track = Watched()
    track.reason = "never_began"
    track.until(5, [])
    assert states(track) == [(2.0, "stale", "never_began")]


def test_the_time_before_the_connection_does_not_count() -> None:
    track = Watched()
    track.liveness.connected(20 * SECOND)
    track.now_s = 20.0
    track.until(21.5, [])
    assert track.told == []
    assert track.liveness.standing == TrackStanding("connecting", since_ns=20 * SECOND)


def test_a_goodbye_needs_no_patience() -> None:
    track = Watched()
    track.until(5, at_rate(1 / 30, 4.5))
    track.reason = "ended"
    track.until(6, at_rate(1 / 30, 4.5), ended=True)
    assert states(track)[1:] == [(5.5, "stale", "ended")]


def test_another_reason_is_told() -> None:
    track = Watched()
    track.until(5, [0.1])
    track.reason = "frame_too_large"
    track.until(6, [0.1])
    assert states(track)[1:] == [(2.5, "stale", "no_media"), (5.5, "stale", "frame_too_large")]


@pytest.mark.parametrize("period_s", [0.4, 1.0, 1.9])
def test_slow_tracks_do_not_flap(period_s: float) -> None:
    track = Watched()
    track.until(60, at_rate(period_s, 60))
    assert states(track) == [(0.5, "live", "")]


@pytest.mark.parametrize("period_s", [2.4, 3.3, 4.4])
def test_slower_ones_are_known_after_two_pictures(period_s: float) -> None:
    track = Watched()
    track.until(60, at_rate(period_s, 61))
    assert [state for state, _ in groupby(states(track), key=itemgetter(1))] == ["live", "stale", "live"]


def test_those_that_are_too_slow_stay_stale_and_tell_of_each_new_silence() -> None:
    track = Watched()
    track.until(45, at_rate(10, 50))
    assert [state for _, state, _ in states(track)] == ["live", *4 * ["stale"]]
    since = [standing.since_ns for _, standing in track.told[1:]]
    assert since == sorted(set(since))


@given(st.lists(st.floats(0.02, 20), min_size=1, max_size=60))
def test_no_pace_teaches_more_patience_than_the_most(gaps: list[float]) -> None:
    track = Watched()
    end_s = sum(gaps)
    track.until(end_s, list(accumulate(gaps)))
    track.until(end_s + 5.5, list(accumulate(gaps)))
    assert track.liveness.standing.state == "stale"


def test_a_process_that_stood_still_heard_nobody() -> None:
    liveness = TrackLiveness(2.0, 0)
    assert liveness.look(SECOND // 2, 10, str)
    assert not liveness.look(60 * SECOND, 10, str)
    assert not liveness.look(60 * SECOND + SECOND // 2, 11, str)


@pytest.mark.parametrize(
    ("dropped", "reason"),
    [
        ({}, ""),
        ({"padding_packet": 9}, ""),
        ({"await_keyframe": 29, "decode_error": 1}, "undecodable"),
        ({"await_keyframe": 30}, "await_keyframe"),
        ({"no_picture": 32}, "undecodable"),
        ({"frame_too_large": 1, "lost_packet": 5}, "frame_too_large"),
        ({"arena_full": 1, "await_keyframe": 1}, "arena_full"),
        ({"mid_frame_packet": 40}, "packet_loss"),
        ({"repeated": 2, "lost_packet": 1}, "frozen"),
    ],
)
def test_the_cause_is_what_the_rest_follows_from(dropped: dict[str, int], reason: str) -> None:
    assert cause(Counter(dropped)) == reason
