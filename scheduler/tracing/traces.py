"""Spans of what this process does for a request, told to a collector where the configuration names one.

Which trace work belongs to travels in ``TRACEPARENT``: a span sets it for what is done inside, messages to
other processes carry it. Without a collector nothing is measured, made or sent.
"""

import contextlib
from contextlib import AbstractContextManager
from typing import Protocol

from ..errors import TracesUnavailable


class Span(Protocol):
    """A span that has begun."""

    def tell(self, **attributes: str | int) -> None:
        """Say more of it; ``__`` stands for a full stop of an attribute's name."""

    def fail(self) -> None:
        """What it is about came to no good end."""


class Traces(Protocol):
    """Where spans go."""

    on: bool

    def span(self, name: str, parent: str | None = None) -> AbstractContextManager[Span]:
        """A span around what is done in the context, within ``TRACEPARENT`` or this ``parent``."""

    def record(self, name: str, parent: str, began: float, ended: float, **attributes: str | int) -> None:
        """A span that is over; ``began``, ``ended``: monotonic seconds."""

    def close(self) -> None:
        """Send what is left, for some seconds at most."""


class NoSpan:
    """A span that nobody looks at."""

    def tell(self, **attributes: str | int) -> None:
        """See ``Span``."""

    def fail(self) -> None:
        """See ``Span``."""


class NoTraces:
    """Nobody collects."""

    on = False
    _nothing = contextlib.nullcontext(NoSpan())

    def span(self, name: str, parent: str | None = None) -> AbstractContextManager[Span]:  # noqa: ARG002
        """See ``Traces``."""
        return self._nothing

    def record(self, name: str, parent: str, began: float, ended: float, **attributes: str | int) -> None:
        """See ``Traces``."""

    def close(self) -> None:
        """See ``Traces``."""


NO_TRACES: Traces = NoTraces()


def traces_of(process: str, url: str | None, share: float) -> Traces:
    """The traces of a process, sent to a collector's ``url``; of those that begin here this ``share``.

    Raises:
        TracesUnavailable: what sends them is not installed.
    """
    if url is None:
        return NO_TRACES
    try:
        from .open_telemetry import OpenTelemetry
    except ImportError:
        raise TracesUnavailable("traces_url needs OpenTelemetry: pip install 'argusd[otel]'") from None
    return OpenTelemetry(process, url, share)
