"""When something was seen or heard: from ring clocks to ``Moment``."""

import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from argusd.ingest.shm.frame import FrameInfo
from argusd.ingest.shm.ring import FrameReader, PcmAnchors, read_anchor

from ..contract.media import SAMPLE_RATE
from ..core import Moment, Motion
from .arena_sources import RingRef

VIDEO_CLOCK = 90_000  # RTP ticks a second (RFC 6184, RFC 7741)
NANOSECONDS = 1e9
SET_ANEW_NS = 100_000_000  # less is that both clocks are not read at once
DRIFT_LIMIT_S = 10.0
BACKWARDS_LIMIT_S = 4.0  # rows of one ring may be a window and a second of falling behind apart


class WallClock:
    """Unix time of moments on CLOCK_MONOTONIC, by which everything here is decided.

    When the wall clock is set anew this follows; else it is steady, so that findings stay in order.
    """

    def __init__(self, wall_ns: Callable[[], int] = time.time_ns) -> None:
        self._wall_ns = wall_ns
        self._offset_ns = wall_ns() - time.monotonic_ns()

    def offset_ns(self) -> int:
        """What to add to monotonic nanoseconds now."""
        offset_ns = self._wall_ns() - time.monotonic_ns()
        if abs(offset_ns - self._offset_ns) > SET_ANEW_NS:
            self._offset_ns = offset_ns
        return self._offset_ns

    def offset_s(self) -> float:
        """What to add to monotonic seconds now."""
        return self.offset_ns() / NANOSECONDS


class MediaClock:
    """Seconds since a stream's first timestamp, or since ``begin`` (ticks), on the media's own clock.

    Timestamps that leap (a publisher that restarted its encoder, a ring made anew) are tied to the arrival
    clock again, so that media time goes on.
    """

    __slots__ = ("_base", "_begin", "_first_arrival", "_last", "_rate")

    def __init__(self, rate: int, begin: int | None = None) -> None:
        self._rate = rate
        self._begin = begin
        self._base: float | None = None
        self._first_arrival = 0.0
        self._last = 0.0

    def seconds(self, timestamp: int, arrival: float) -> float:
        """Media time of ``timestamp`` (ticks), which arrived at ``arrival`` (monotonic seconds)."""
        ticks = timestamp / self._rate
        if self._base is None:
            self._base = ticks if self._begin is None else self._begin / self._rate
            self._first_arrival = arrival - (ticks - self._base)
        elapsed = arrival - self._first_arrival
        media = ticks - self._base
        if abs(media - elapsed) > DRIFT_LIMIT_S or media < self._last - BACKWARDS_LIMIT_S:
            media = max(elapsed, self._last)
            self._base = ticks - media
        if media > self._last:
            self._last = media
        return media

    def at(self, arrival: float) -> float:
        """Media time of a moment (monotonic seconds) at which nothing came, as if the media had gone on."""
        return max(self._last, arrival - self._first_arrival) if self._base is not None else 0.0


def ring_clock(ring: RingRef) -> MediaClock:
    """The media clock of a track, which begins with its first sample, or the first frame there is to see."""
    if ring.kind == "audio":
        clock = MediaClock(SAMPLE_RATE, begin=0)
        anchor = read_anchor(ring.view, ring.place)
        if anchor.arrival_ns:
            clock.seconds(0, anchor.arrival_ns / NANOSECONDS - anchor.sample / SAMPLE_RATE)
        return clock
    clock = MediaClock(VIDEO_CLOCK)
    frame = FrameReader(ring.view, ring.place, ring.generation).newest()
    if frame is not None:
        clock.seconds(frame.info.rtp_timestamp, frame.info.arrival_ns / NANOSECONDS)
    return clock


def captured_at(info: FrameInfo, offset_ns: int) -> float:
    """When a frame was captured, in unix seconds: when it arrived, while the sender's clock is unknown.

    ``offset_ns``: see ``WallClock``.
    """
    return (info.captured_ns or info.arrival_ns + offset_ns) / NANOSECONDS


def frame_moment(
    info: FrameInfo,
    clock: MediaClock,
    now: float,
    offset_ns: int,
    skipped: int,
    model: str = "",
    part: bool = False,
    motion: Motion | None = None,
) -> Moment:
    """The moment of a frame."""
    arrival = info.arrival_ns / NANOSECONDS
    media_s, age_ms = clock.seconds(info.rtp_timestamp, arrival), (now - arrival) * 1000
    known = info.captured_ns > 0
    size, captured = (info.width, info.height), captured_at(info, offset_ns)
    return Moment(media_s, captured, age_ms, *size, skipped, known, 0.0, model, part, motion)


def window_moments(
    firsts: NDArray[np.int64],
    window: int,
    anchors: PcmAnchors,
    clocks: Sequence[MediaClock],
    now: float,
    offset_ns: int,
    model: str = "",
) -> list[Moment]:
    """The moments of these sample numbers, each of its own ring; ages count from when the last of ``window``
    samples arrived."""
    lasts_s = window / SAMPLE_RATE
    after_anchor = (firsts - anchors.sample) / SAMPLE_RATE
    arrivals = anchors.arrival_ns / NANOSECONDS + after_anchor
    known = anchors.captured_ns > 0
    captured_ns = np.where(known, anchors.captured_ns, anchors.arrival_ns + offset_ns)
    captured = captured_ns / NANOSECONDS + after_anchor
    ages_ms = np.maximum(0.0, now - arrivals - lasts_s) * 1000  # a packet's samples come at once
    columns = (column.tolist() for column in (firsts, arrivals, captured, ages_ms, known))
    return [
        Moment(clock.seconds(first, arrival), captured_at, age_ms, 0, 0, 0, known, lasts_s, model)
        for clock, first, arrival, captured_at, age_ms, known in zip(clocks, *columns, strict=True)
    ]


def captured_s(ring: RingRef, sample: int) -> float | None:
    """Unix seconds of the sender's clock when this sample was heard, or None while that clock is unknown."""
    anchor = read_anchor(ring.view, ring.place)
    if not anchor.captured_ns:
        return None
    return anchor.captured_ns / NANOSECONDS + (sample - anchor.sample) / SAMPLE_RATE
