"""Events as lines on stdout, for people or for programs."""

import msgspec

from argusd.scheduler.contract.events import Event, Gap

from ..output import coloured
from .findings import FindingPrinter


class EventOutput:
    """Writes events as they come, a line each: text for people, JSON for programs.

    Every line is flushed, so that a pipe's reader is not kept waiting.
    """

    def __init__(self, *, json: bool, name_sessions: bool = False) -> None:
        self._json = json
        self._name_sessions = name_sessions
        self._printer = FindingPrinter(colour=coloured())

    def show(self, event: Event | Gap) -> None:
        """Write one event, unless it is one that people do not miss."""
        line = msgspec.json.encode(event).decode() if self._json else self._printer.line(event)
        if line is not None:
            prefix = f"{event.session_id}  " if self._name_sessions and not self._json else ""
            print(prefix + line, flush=True)
