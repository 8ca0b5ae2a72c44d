"""A session's tracks as their sender offered them: whether each brings anything, and why not."""

from collections import Counter
from typing import Protocol

from .liveness import TrackLiveness, cause
from .messages import StreamKind, TrackState
from .rtpstream import Source


class Receiver(Protocol):
    """What turns a track's packets into something."""

    @property
    def source(self) -> Source:
        """Whom the track is received from."""

    @property
    def frames(self) -> int:
        """Frames, or packets of sound, that were published."""

    @property
    def dropped(self) -> Counter[str]:
        """What was not, by reason."""


class Track:
    """One track's receiver, looked at a few times a second."""

    def __init__(
        self, session_id: str, kind: StreamKind, receiver: Receiver, liveness: TrackLiveness
    ) -> None:
        self.kind = kind
        self.receiver = receiver
        self._session_id = session_id
        self._liveness = liveness
        self._published = 0
        self._before: Counter[str] | None = Counter()  # what was dropped before the silence that goes on

    @property
    def state(self) -> TrackState:
        """Where it stands, to be told."""
        return TrackState(self._session_id, self.kind, *self._liveness.standing)

    @property
    def patience_s(self) -> float:
        """How long it may be silent."""
        return self._liveness.patience_ns / 1e9

    def connected(self, now_ns: int) -> None:
        """From now on something can come."""
        self._liveness.connected(now_ns)

    def look(self, now_ns: int) -> bool:
        """Whether it stands otherwise than before."""
        published = self.receiver.frames
        if published > self._published:
            self._published, self._before = published, None
        elif self._before is None:
            self._before = self.receiver.dropped
        return self._liveness.look(now_ns, published, self._why, ended=self._ended)

    @property
    def _ended(self) -> bool:
        stream = self.receiver.source.stream
        return stream is not None and stream.gone

    def _why(self) -> str:
        if self._ended:
            return "ended"
        heard = self.receiver.source.stream is not None
        dropped = self.receiver.dropped - (self._before or Counter())
        return cause(dropped) or ("no_media" if heard else "never_began")
