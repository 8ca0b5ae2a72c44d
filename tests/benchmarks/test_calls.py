"""When what an event of a WebRTC session is about was due."""

import time
from types import SimpleNamespace
from typing import Any

import pytest

from argusd.benchmarks.serving.calls import Call, Told
from argusd.scheduler.contract.events import Event

START = 1000.0  # monotonic


def call(rtp: int = 0) -> Call:
    """A call whose tracks began at ``START`` and have sent eleven packets, the newest with this timestamp."""
    made = Call("", "s", [b""])
    for track in made.tracks.values():
        track.started, track.sent = START, 11
    made.senders = dict.fromkeys(made.tracks, SimpleNamespace(_RTCRtpSender__rtp_timestamp=rtp))
    return made


def told(stream: str, captured: float, **data: Any) -> Told:
    """An event about what was captured so long after ``START``."""
    wall = time.time() - time.monotonic()
    event = Event(
        session_id="s",
        type="observation",
        stream=stream,
        name=stream,
        state="update",
        captured_at=START + captured + wall,
        data=data,
    )
    return Told(START + captured + 0.5, event)


def test_a_picture_was_due_at_its_place_in_the_clip_however_late_it_was_sent() -> None:
    # The daemon's media time begins with the third picture; the sender was 10 ms late when it told the time.
    seen = [told("face", (2 + n) / 15 + 0.010, media_s=n / 15) for n in range(9)]
    assert call().sent("face", seen) == pytest.approx([START + (2 + n) / 15 for n in range(9)])


def test_sound_was_spoken_when_the_last_sample_of_its_window_was() -> None:
    # A packet holds the 20 ms before it is sent.
    seen = [told("audio", 0.032 * n, media_s=0.032 * n) for n in range(4)]
    assert call().sent("audio", seen) == pytest.approx([START - 0.020 + 0.032 * (n + 1) for n in range(4)])


def test_a_timestamp_says_it_as_well_and_may_wrap() -> None:
    newest = 5 * 6000 - 1  # after eleven pictures: the first was sent before the counter wrapped
    seen = [told("video", 9.0, rtp=(newest - 7 * 6000) % 2**32), told("video", 9.0, rtp=newest)]
    assert call(newest).sent("video", seen) == pytest.approx([START + 3 / 15, START + 10 / 15])


def test_nothing_told_is_nothing_sent() -> None:
    assert call().sent("audio", []) == []
