"""How a track arrives: what its counters rose by since they were read, about a second ago."""

from collections import Counter
from typing import Protocol

from ..ipc.messages import Reception
from .sync_source import RtpStream, SyncSource

Totals = tuple[int, int, int]


class Receiver(Protocol):
    """What turns a track's packets into something."""

    @property
    def source(self) -> SyncSource:
        """Whom the track is received from."""

    @property
    def codec(self) -> str:
        """The codec that came last, as offers name it, in lower case; empty before the first packet."""

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height of the newest picture that was published, upright; None without one."""

    @property
    def frames(self) -> int:
        """Frames, or packets of sound, that were published."""

    @property
    def dropped(self) -> Counter[str]:
        """What was not, by reason."""


class ReceptionMeter:
    """Reads one track's counters."""

    def __init__(self, now_ns: int) -> None:
        self._read_ns = now_ns
        self._frames = 0
        self._stream: RtpStream | None = None
        self._totals: Totals = (0, 0, 0)

    def read(self, receiver: Receiver, round_trip_s: float | None, now_ns: int) -> Reception | None:
        """What came since the last reading; None before the first packet."""
        stream = receiver.source.stream
        elapsed_s = max(1e-3, (now_ns - self._read_ns) / 1e9)
        frames, self._frames, self._read_ns = receiver.frames - self._frames, receiver.frames, now_ns
        if stream is None:
            return None
        nbytes, expected, received = self._rise(stream)
        width, height = receiver.size or (None, None)
        return Reception(
            codec=receiver.codec,
            width=width,
            height=height,
            frames_per_second=round(frames / elapsed_s, 1) if width else None,
            bits_per_second=round(8 * nbytes / elapsed_s),
            loss=round(max(0.0, 1 - received / expected), 4) if expected > 0 else 0.0,
            jitter_ms=round(1000 * stream.jitter_s, 1),
            has_clock=stream.clock.known,
            round_trip_ms=None if round_trip_s is None else round(1000 * round_trip_s, 1),
        )

    def _rise(self, stream: RtpStream) -> Totals:
        """Of payload bytes, of packets that were sent, and of those that came."""
        before = self._totals if stream is self._stream else (0, 0, 0)
        now = self._totals = stream.nbytes, stream.expected, stream.received
        self._stream = stream
        return now[0] - before[0], now[1] - before[1], now[2] - before[2]
