"""A session's tracks as their sender offered them: whether each brings anything, and why not."""

from collections import Counter
from functools import partial
from typing import Protocol

from argusd.scheduler.contract.media import TrackKind
from argusd.scheduler.contract.media_key import MediaKey

from ..ipc.messages import Reception, TrackState
from ..liveness import TrackLiveness, cause
from ..rtp.reception import Receiver, ReceptionMeter


class TrackReceiver(Receiver, Protocol):
    """One that can be told not to decode."""

    @property
    def arrived(self) -> int:
        """Frames, or packets of sound, that were published, and those that came while nobody wanted them."""

    def want(self, wanted: bool, now_ns: int) -> None:
        """Decode and publish from now on, or not; from the beginning it is done."""


class Track:
    """One track's receiver, looked at a few times a second."""

    def __init__(
        self, media: MediaKey, kind: TrackKind, receiver: TrackReceiver, liveness: TrackLiveness
    ) -> None:
        self.kind = kind
        self.receiver = receiver
        self._media = media
        self._liveness = liveness
        self._meter = ReceptionMeter(liveness.standing.since_ns)
        self._arrived = 0
        self._before: Counter[str] | None = Counter()  # what was dropped before the silence that goes on

    @property
    def state(self) -> TrackState:
        """Where it stands, to be told."""
        return TrackState(self._media, self.kind, *self._liveness.standing)

    @property
    def patience_s(self) -> float:
        """How long it may be silent."""
        return self._liveness.patience_ns / 1e9

    def connected(self, now_ns: int) -> None:
        """From now on something can come."""
        self._liveness.connected(now_ns)

    def reception(self, round_trip_s: float | None, now_ns: int) -> Reception | None:
        """How it arrived since this was last asked."""
        return self._meter.read(self.receiver, round_trip_s, now_ns)

    def look(self, now_ns: int) -> bool:
        """Whether it stands otherwise than before."""
        arrived = self.receiver.arrived
        if arrived > self._arrived:
            self._arrived, self._before = arrived, None
        elif self._before is None:
            self._before = self.receiver.dropped
        streams = self.receiver.source.streams
        ended = bool(streams) and all(stream.gone(now_ns) for stream in streams)
        return self._liveness.look(now_ns, arrived, partial(self._why, ended), ended=ended)

    def _why(self, ended: bool) -> str:
        if ended:
            return "ended"
        heard = self.receiver.source.stream is not None
        dropped = self.receiver.dropped - (self._before or Counter())
        return cause(dropped) or ("no_media" if heard else "never_began")
