"""What happened in a session, out of the outline of its events: pure."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from argusd.scheduler.contract.events import Event
from argusd.scheduler.contract.reviews.report import Report, Reported, Stretch
from argusd.scheduler.contract.reviews.reviews import Review

PHASES = frozenset({"connecting", "live", "stale"})
MEDIA = "media"


class About(NamedTuple):
    """What the report says of the session itself."""

    session_id: str
    state: str
    streams: list[str]
    created_at: float
    updated_at: float


def report_of(about: About, events: Iterable[Event], reviews: Mapping[int, Review]) -> Report:
    """The report. ``events``: in their order, those of observations' updates may be left out."""
    told = _Telling(reviews)
    for event in events:
        told.take(event)
    # Streams tell what starts at one time one after the other, and some of it late.
    violations = sorted(told.violations.values(), key=lambda each: each.started_at)
    stretches = sorted(told.stretches, key=lambda each: each.started_at)
    return Report(*about, told.seq, violations, stretches)


class _Telling:
    """What is told so far; what goes on is known by where it stands."""

    def __init__(self, reviews: Mapping[int, Review]) -> None:
        self._reviews = reviews
        self.seq = 0
        self.violations: dict[int, Reported] = {}
        self.stretches: list[Stretch] = []
        self._going_on: dict[tuple[str, str], int] = {}  # stream and name → seq of the violation
        self._open: dict[tuple[str, str], int] = {}  # stream and name → place among the stretches

    def take(self, event: Event) -> None:
        """The next event."""
        self.seq = event.seq
        if event.type == "violation":
            self._violation(event)
        elif event.stream == MEDIA:
            self._media(event)
        elif event.type == "observation" and event.state == "start":
            self._begin(event.stream, event)
        elif event.type == "observation" and event.state == "end":
            self._end(event.stream, event.name, event.captured_at)

    def _violation(self, event: Event) -> None:
        """A start opens one; an update or an end is about that one, if the start is still kept."""
        key = (event.stream, event.name)
        if event.state == "start":
            self._going_on[key] = event.seq
            self.violations[event.seq] = _reported(event, self._reviews.get(event.seq))
        elif key in self._going_on:
            before = self.violations[self._going_on[key]]
            self.violations[before.seq] = _later(before, event)
            if event.state == "end":
                del self._going_on[key]

    def _media(self, event: Event) -> None:
        """A phase ends the one before it; the end of the media ends whatever is told of them."""
        track = str(event.data.get("kind", ""))
        if event.ends_media:
            for stream, name in list(self._open):
                self._end(stream, name, event.captured_at)
        elif event.name in PHASES:
            for phase in PHASES:
                self._end(MEDIA, phase, event.captured_at)
            self._begin(MEDIA, event)
        elif event.name == "track_stale":
            self._end(track, "track_stale", event.captured_at)
            self._begin(track, event)
        elif event.name == "track_live":
            self._end(track, "track_stale", event.captured_at)

    def _begin(self, stream: str, event: Event) -> None:
        self._open[stream, event.name] = len(self.stretches)
        reason = str(event.data.get("reason", ""))
        self.stretches.append(
            Stretch(stream=stream, name=event.name, started_at=event.captured_at, reason=reason)
        )

    def _end(self, stream: str, name: str, at: float) -> None:
        place = self._open.pop((stream, name), None)
        if place is not None:
            self.stretches[place] = replace(self.stretches[place], ended_at=at)


def _reported(event: Event, review: Review | None) -> Reported:
    return Reported(
        seq=event.seq,
        stream=event.stream,
        name=event.name,
        severity=event.severity,
        confidence=event.confidence,
        started_at=event.captured_at,
        data=event.data,
        evidence_id=event.evidence_id,
        review=review,
    )


def _later(before: Reported, event: Event) -> Reported:
    """The violation after one more of its events; an end's moment is that of the last look that held it."""
    later = replace(before, severity=event.severity, confidence=event.confidence, data=event.data)
    if event.state != "end":
        return later
    lasted = event.data.get("duration_s", event.captured_at - before.started_at)
    ended = max(before.started_at, event.captured_at)
    return replace(later, ended_at=ended, duration_s=max(0.0, float(lasted)))
