"""How findings look on a terminal as they come, a line each. Pure text, no I/O."""

from argusd.scheduler.contract.events import Event, Gap

MARKS = {"start": "▲", "end": "▼", "update": "·"}
COLOURS = {"critical": "\033[31m", "warning": "\033[33m"}
DIM, RESET = "\033[2m", "\033[0m"
# The counts of an observation that are worth a line when they change.
COUNTS = ("face_count", "person_count")


class FindingPrinter:
    """Turns events into lines; None for those that a reader does not miss."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour
        self._counts: dict[tuple[str, str], int] = {}

    def line(self, event: Event | Gap) -> str | None:
        """The event's line, or None: an update, or an observation that repeats the counts before it."""
        if isinstance(event, Gap):
            missed = "some" if event.missed is None else event.missed
            return self._paint(DIM, f"{'':>9} … {missed} events are lost")
        if event.type == "session":
            self._forget(event)
            return self._paint(DIM, f"{'':>9} ● {_what_changed(event)}{_reason(event)}")
        if event.type == "observation" and event.name != "speech":
            return self._counts_line(event)
        if event.state == "update":
            return None
        mark = MARKS[event.state]
        text = f"{media_time(event):>9} {mark} {event.name:<16} {_details(event):<24}"
        colour = COLOURS.get(event.severity, "") if event.type == "violation" else ""
        return self._paint(colour, text) + self._age(event)

    def _forget(self, event: Event) -> None:
        """Who follows all sessions for months shall not remember each."""
        if event.ends_media:
            for key in COUNTS:
                self._counts.pop((event.session_id, key), None)

    def _counts_line(self, event: Event) -> str | None:
        changed = []
        for key in COUNTS:
            count = event.data.get(key)
            known = (event.session_id, key)
            if isinstance(count, int) and self._counts.get(known) != count:
                self._counts[known] = count
                noun = key.removesuffix("_count")
                changed.append(f"{count} {noun if count == 1 else plural(noun)}")
        if not changed:
            return None
        return f"{media_time(event):>9} · {event.stream:<16} {', '.join(changed):<24}" + self._age(event)

    def _age(self, event: Event) -> str:
        if not event.frame_age_ms:
            return ""
        return self._paint(DIM, f"{event.frame_age_ms:5.0f} ms old")

    def _paint(self, colour: str, text: str) -> str:
        return f"{colour}{text}{RESET}" if self._colour and colour else text


def media_time(event: Event) -> str:
    """The event's place on the media's own clock, as ``m:ss.t``; empty where it has none."""
    seconds = event.data.get("media_s")
    if not isinstance(seconds, (int, float)):
        return ""
    minutes, rest = divmod(round(seconds * 10), 600)
    return f"{minutes}:{rest // 10:02d}.{rest % 10}"


def duration(event: Event) -> float:
    """Seconds that an ``end`` event says it lasted; 0 where it does not say."""
    return float(event.data.get("duration_s", 0.0))


def plural(noun: str) -> str:
    """More than one of the things we count."""
    return "people" if noun == "person" else f"{noun}s"


def _details(event: Event) -> str:
    parts = []
    if "direction" in event.data:
        parts.append(str(event.data["direction"]))
    if "offset_ms" in event.data:
        offset = event.data["offset_ms"]
        parts.append(f"{abs(offset)} ms {'early' if offset < 0 else 'late'}")
    if event.state == "end":
        parts.append(f"after {duration(event):.1f} s")
    return ", ".join(parts)


def _what_changed(event: Event) -> str:
    """The session's new state, or that of one of its tracks, or of a violation's evidence."""
    if event.name == "evidence":
        return f"evidence {event.data['state']}"
    kind = event.data.get("kind", "session")
    return f"{kind} {event.name.removeprefix('track_')}"


def _reason(event: Event) -> str:
    reason = event.data.get("reason")
    return f" ({reason})" if reason else ""
