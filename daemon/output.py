"""What commands print: streams that take it whatever the shell is, colours, and events as lines."""

import contextlib
import io
import os
import sys

import msgspec

from argusd.scheduler.contract.events import Event, Gap

from .demo.findings import FindingPrinter


def open_streams() -> None:
    """Have stdout and stderr take whatever is said.

    What the shell's encoding lacks becomes an escape; what is said where one is closed (``>&-``) is gone.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - to the end
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def discard_output() -> None:
    """Let go what stdout still has: nobody takes it, and Python would complain of that as it ends."""
    with contextlib.suppress(OSError):  # it is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def coloured() -> bool:
    """Whether there may be colours: on a terminal that knows them, unless NO_COLOR says no (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


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
