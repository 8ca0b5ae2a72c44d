"""One stream of one session at work: its tracks, the rows that look for it, and what it knows now."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..contract.media import TrackKind
from ..contract.media_key import MediaKey
from ..contract.messages import Latest
from ..core import Analyzer, Moment, Outcome
from ..loaded.loaded_model import Feed, LoadedModel
from ..media.tracks import Track

LATEST_INTERVAL_S = 0.25
START = Moment(media_s=0.0, captured_at=0.0, frame_age_ms=0.0)


class SessionStream:
    """One stream of one session.

    ``rows``: those that look for it, perhaps for others of its session as well. ``silent``: its tracks that
    bring it nothing, and why: then it knows nothing. ``every_look``: its result is told after every look.
    """

    # Here and where else the loop goes for each row: of a thousand sessions no object is in a cache any more.
    __slots__ = (
        "_next_result",
        "_skipped",
        "analyzer",
        "every_look",
        "last",
        "media",
        "rows",
        "silent",
        "tracks",
    )

    def __init__(self, media: MediaKey, analyzer: Analyzer, tracks: Mapping[TrackKind, Track]) -> None:
        self.media = media
        self.analyzer = analyzer
        self.tracks = tracks
        self.last = START
        self.silent: dict[TrackKind, str] = {}
        self.every_look = False
        self.rows: list[DemandRow] = []
        self._skipped = 0
        self._next_result = 0.0

    @property
    def models(self) -> dict[str, str]:
        """Role to the id of the model that looks."""
        return {row.role: row.loaded.name for row in self.rows}

    def heard(self, kind: TrackKind, at: Moment) -> None:
        """A look at this track came back."""
        self.last = at
        if self.silent:
            self.silent.pop(kind, None)

    def latest(self) -> dict[str, Any]:
        """The stream's newest result, or what its JSON says while nothing is known."""
        data = self.analyzer.latest()
        return unknown(data) if self.silent else data

    def pass_over(self, frames: int) -> None:
        """So many frames were passed over."""
        self._skipped += frames

    def found(self, outcomes: Sequence[Outcome]) -> None:
        """This came of a look: where a violation begins its result is told now, as evidence of it."""
        if any(each.begins_violation for each in outcomes):
            self._next_result = 0.0

    def due(self, now: float) -> bool:
        """Whether to tell the newest result; that it is unknown does not wait."""
        return self.every_look or bool(self.silent) or now >= self._next_result

    def tell(self, at: Moment, now: float) -> Latest:
        """The newest result; the next one is due ``LATEST_INTERVAL_S`` later."""
        skipped, self._skipped = self._skipped, 0
        self._next_result = now + LATEST_INTERVAL_S
        return Latest(
            media=self.media,
            stream=self.analyzer.name,
            captured_at=at.captured_at,
            frame_age_ms=round(at.frame_age_ms, 1),
            skipped=skipped,
            models=self.models,
            data=self.latest(),
            state="unknown" if self.silent else "known",
            reason=next(iter(self.silent.values()), ""),
        )


def unknown(data: Mapping[str, Any]) -> dict[str, Any]:
    """A result of the same form that says nothing: null, or an empty list."""
    return {name: _nothing(value) for name, value in data.items()}


def _nothing(value: Any) -> Any:
    if isinstance(value, Mapping):
        return unknown(value)
    return [] if isinstance(value, list) else None


class DemandRow:
    """What stands behind one row of the demand.

    ``streams`` take in what was seen, in the order in which they joined; the first says where to look.
    ``ended``: no stream wants it any more, though a batch may hold it. ``failures``: its newest items that
    its model could not be run on, one after the other.
    """

    __slots__ = ("_rates", "ended", "failures", "feed", "index", "loaded", "role", "streams")

    def __init__(self, index: int, stream: SessionStream, role: str, loaded: LoadedModel, feed: Feed) -> None:
        self.index = index
        self.streams = [stream]
        self.ended = False
        self.role = role
        self.loaded = loaded
        self.feed = feed
        self.failures = 0
        self._rates: list[Mapping[str, float]] = []

    @property
    def stream(self) -> SessionStream:
        """The one that says where to look, or did last."""
        return self.streams[0]

    def join(self, stream: SessionStream) -> None:
        """Feed this stream as well."""
        self.streams.append(stream)

    def leave(self, stream: SessionStream) -> None:
        """Feed this stream no more; with the last one the row ends, the others are not to blame so far."""
        self.failures = 0
        if self.streams == [stream]:
            self.ended = True
        else:
            self.streams.remove(stream)

    def rates_changed(self) -> bool:
        """Whether a stream that it feeds wants other rates than when this was asked last."""
        before, self._rates = self._rates, [stream.analyzer.rates for stream in self.streams]
        return before != self._rates

    @property
    def period(self) -> float:
        """Seconds between two looks that content every stream it feeds."""
        return self.loaded.period(max(stream.analyzer.rates[self.role] for stream in self.streams))
