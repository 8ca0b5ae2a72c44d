"""Tracks that bring nothing become violations, by policy, and dated from their last sign of life."""

from typing import Any, Literal

import pytest

from argusd.ingest.ipc.messages import TrackState
from argusd.ingest.shm.arena import Arena, ArenaView
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import SessionPolicy
from argusd.scheduler.contract.policy import Hold, Policy
from argusd.scheduler.core import Moment, Outcome
from argusd.scheduler.media.moments import MediaClock
from argusd.scheduler.sessions.lost_tracks import LostTracks

from ..fakes import ALICE

OFFSET_S = 1_700_000_000.0
DEFAULT = Policy()


class LostTracksBench:
    """Tracks whose times are seconds of the clock that ``now`` stands at."""

    def __init__(self) -> None:
        self.now = 100.0
        self.told: list[tuple[MediaKey, str, Outcome, Moment]] = []
        self.view = ArenaView(Arena(1 << 20).fd)
        self.lost = LostTracks(lambda *told: self.told.append(told), lambda: self.now, lambda: OFFSET_S)
        self.clock = MediaClock(90_000)
        self.clock.seconds(0, 90.0)  # its first picture came at 90

    def watch(self, *streams: str, policy: Policy = DEFAULT) -> None:
        self.lost.set_policy(SessionPolicy(ALICE, list(streams), policy))

    def say(
        self,
        kind: Literal["video", "audio"],
        state: Literal["connecting", "live", "stale"],
        since: float,
        reason: str = "",
        clock: MediaClock | None = None,
    ) -> None:
        told = TrackState(ALICE, kind, state, reason, int(since * 1e9))
        self.lost.changed(told, self.view, clock)

    def after(self, seconds: float) -> None:
        """Look twice a second, as the loop does at least."""
        for _ in range(int(2 * seconds)):
            self.now += 0.5
            self.lost.look()

    def edges(self) -> list[tuple[str, str, dict[str, Any]]]:
        return [(outcome.name, outcome.state, outcome.data) for _, _, outcome, _ in self.told]


def test_a_camera_that_is_off_is_a_violation_from_its_last_picture_to_its_next() -> None:
    bench = LostTracksBench()
    bench.watch("face")
    bench.say("video", "live", 90.0)
    bench.now = 102.0
    bench.say("video", "stale", 100.0, "no_media", bench.clock)
    bench.after(4)
    bench.say("video", "live", 106.0, clock=bench.clock)
    lost = {"kind": "video", "reason": "no_media", "start_s": 10.0}
    assert bench.edges() == [
        ("video_lost", "start", lost),
        ("video_lost", "update", lost | {"end_s": 15.0, "duration_s": 5.0}),
        ("video_lost", "end", lost | {"end_s": 16.0, "duration_s": 6.0}),
    ]
    media, stream, outcome, at = bench.told[0]
    assert (media, stream, outcome.type, outcome.severity) == (ALICE, "media", "violation", "critical")
    assert (at.media_s, at.captured_at) == (12.0, OFFSET_S + 102.0)
    bench.after(10)
    assert len(bench.told) == 3


def test_a_track_that_never_began_is_dated_from_when_it_could_have() -> None:
    bench = LostTracksBench()
    bench.watch("video")
    bench.say("video", "connecting", 100.0)
    bench.now = 102.5
    bench.say("video", "stale", 100.0, "never_began")
    bench.now = 110.0
    bench.say("video", "live", 110.0, clock=MediaClock(90_000))
    assert [(name, state, data["start_s"]) for name, state, data in bench.edges()] == [
        ("video_lost", "start", 0.0),
        ("video_lost", "end", 0.0),
    ]


def test_sound_is_not_missed_unless_somebody_wants_it() -> None:
    bench = LostTracksBench()
    bench.watch("face", "audio", "lipsync")
    bench.say("audio", "stale", 98.0, "no_media")
    assert bench.told == []
    bench.watch("face", "audio", policy=Policy(audio_lost=Hold(start_after_s=0, end_after_s=0)))
    assert [(name, state) for name, state, _ in bench.edges()] == [("audio_lost", "start")]


def test_nobody_misses_a_track_that_no_stream_needs() -> None:
    bench = LostTracksBench()
    bench.watch("audio")
    bench.say("video", "stale", 98.0, "no_media")
    bench.after(5)
    assert bench.told == []


def test_the_policy_holds_it_back() -> None:
    bench = LostTracksBench()
    bench.watch("face", policy=Policy(video_lost=Hold(start_after_s=6, end_after_s=3)))
    bench.now = 102.0
    bench.say("video", "stale", 100.0, "no_media")
    bench.after(3.5)
    assert bench.told == []
    bench.after(0.5)
    assert [(state, data["start_s"]) for _, state, data in bench.edges()] == [("start", 0.0)]
    bench.say("video", "live", 106.0)
    bench.after(2.5)
    bench.say("video", "stale", 108.0, "no_media")
    bench.after(1)
    assert len(bench.told) == 1, "a short return is no end"
    bench.say("video", "live", 109.0)
    bench.after(4)
    assert [state for _, state, _ in bench.edges() if state != "update"] == ["start", "end"]


@pytest.mark.parametrize("over", ["track", "session"])
def test_it_ends_with_the_track_and_with_the_session(over: str) -> None:
    bench = LostTracksBench()
    bench.say("video", "stale", 98.0, "no_media")
    bench.watch("face")
    for _ in range(2):
        if over == "track":
            bench.lost.closed(ALICE, "video", bench.view)
        else:
            bench.lost.end(ALICE)
    bench.after(5)
    assert [state for _, state, _ in bench.edges()] == ["start", "end"]


def test_a_writer_that_is_gone_does_not_end_the_track_of_the_one_that_replaced_it() -> None:
    bench = LostTracksBench()
    bench.watch("face")
    bench.say("video", "stale", 98.0, "no_media")
    bench.lost.closed(ALICE, "video", ArenaView(Arena(1 << 20).fd))
    assert [state for _, state, _ in bench.edges()] == ["start"]


def test_a_track_that_a_stream_needs_and_nobody_offered_is_lost_from_the_beginning() -> None:
    bench = LostTracksBench()
    bench.lost.set_policy(SessionPolicy(ALICE, ["face", "audio"], kinds=["audio"]))
    lost = {"kind": "video", "reason": "not_offered", "start_s": 0.0}
    assert bench.edges() == [("video_lost", "start", lost)]
    bench.after(2)
    bench.lost.set_policy(SessionPolicy(ALICE, ["audio"], kinds=["audio"]))
    bench.lost.set_policy(SessionPolicy(ALICE, ["face", "audio"], kinds=["audio", "video"]))
    bench.after(2)
    assert [state for _, state, _ in bench.edges()] == ["start", "end"]


def test_without_an_offer_nothing_is_missed() -> None:
    bench = LostTracksBench()
    bench.watch("face")
    bench.after(5)
    assert bench.told == []


def test_a_policy_that_does_not_concern_it_leaves_it_open() -> None:
    bench = LostTracksBench()
    bench.watch("face")
    bench.say("video", "stale", 98.0, "no_media")
    bench.watch("face", "video", "audio", policy=Policy(vad_threshold=0.3))
    bench.watch("video", policy=Policy(video_lost=Hold(start_after_s=9, end_after_s=9)))
    assert [(name, state) for name, state, _ in bench.edges()] == [("video_lost", "start")]
    bench.watch("audio")
    assert [(name, state) for name, state, _ in bench.edges()][1:] == [("video_lost", "end")], (
        "nobody needs it now"
    )


def test_another_policy_holds_back_what_has_begun() -> None:
    bench = LostTracksBench()
    bench.watch("face", policy=Policy(video_lost=Hold(start_after_s=60)))
    bench.now = 102.0
    bench.say("video", "stale", 100.0, "no_media")
    bench.after(3)
    assert bench.told == []
    bench.watch("face", policy=Policy(video_lost=Hold(start_after_s=4)))
    assert [(state, data["start_s"]) for _, state, data in bench.edges()] == [("start", 0.0)]


def test_switched_off_it_ends() -> None:
    bench = LostTracksBench()
    bench.watch("face")
    bench.say("video", "stale", 98.0, "no_media")
    bench.watch("face", policy=Policy(video_lost=Hold(enabled=False)))
    bench.after(5)
    assert [state for _, state, _ in bench.edges()] == ["start", "end"]


def test_a_track_that_is_offered_from_now_on_is_awaited() -> None:
    bench = LostTracksBench()
    bench.lost.set_policy(SessionPolicy(ALICE, ["face"], kinds=["audio"]))
    bench.lost.set_policy(SessionPolicy(ALICE, ["face"], kinds=["audio", "video"]))
    assert [state for _, state, _ in bench.edges()] == ["start", "end"]
    bench.after(5)
    bench.say("video", "stale", 105.0, "never_began")
    assert [(state, data["reason"]) for _, state, data in bench.edges()][2:] == [("start", "never_began")]


def test_a_lost_track_that_is_offered_no_more_stays_lost() -> None:
    bench = LostTracksBench()
    bench.watch("face")
    bench.say("video", "stale", 98.0, "no_media")
    bench.lost.set_policy(SessionPolicy(ALICE, ["face"], kinds=["audio"]))
    bench.after(5)
    assert [(state, data["reason"]) for _, state, data in bench.edges()] == [
        ("start", "no_media"),
        ("update", "no_media"),
    ]
