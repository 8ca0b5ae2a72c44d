"""The review queue: the sessions in the order in which they need a look."""

from typing import Annotated, Literal

import msgspec

from ..names import ENDS
from ..results import StreamResult, Violation
from ..sessions import TrackView

CURSOR = rf"^(\d,-?\d{{1,15}}\.\d{{1,17}},.+)?{ENDS}"
"""A place in the queue: how urgent, minus when something happened last, the session's id; or the begin."""

Show = Literal["all", "waiting", "live", "ended"]


class QueueQuestion(msgspec.Struct, frozen=True):
    """The query of ``GET /reviews``: which sessions, and which of them.

    ``waiting``: with a violation that goes on or that nobody has decided about; ``live``: with media;
    ``ended``: without. ``search``: part of the session's id, in capitals or not. ``after``: the ``next`` of
    the page before; what comes to stand before it meanwhile does not shift this page.
    """

    show: Show = "all"
    search: Annotated[str, msgspec.Meta(max_length=128)] = ""
    after: Annotated[
        str, msgspec.Meta(pattern=CURSOR, max_length=256, description="the next of the page before")
    ] = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 25


class Waiting(msgspec.Struct, frozen=True):
    """How many of a session's violations go on, and how many nobody has decided about (some may do both).

    ``last_at``: unix seconds of the newest one's start; null where there was none.
    """

    going_on: int = 0
    unreviewed: int = 0
    last_at: float | None = None


class QueuedSession(msgspec.Struct, frozen=True):
    """A session as ``/sessions`` and its ``/results`` tell it, and what of it waits for a look."""

    session_id: str
    state: str
    created_at: float
    updated_at: float
    tracks: list[TrackView]
    host_id: str | None
    waiting: Waiting
    streams: dict[str, StreamResult] = {}
    violations: dict[str, Violation] = {}


class ReviewQueue(msgspec.Struct, frozen=True):
    """The body of ``GET /reviews``: a page of the sessions that fit the question, most urgent first.

    ``total``: how many fit; ``before``: how many of them stand before this page; ``next``: what to ask for as
    ``after`` to get the next page, null where there is none. ``live`` and ``waiting``: how many of all
    sessions are so, see ``QueueQuestion``.
    ``hosts_missing``: hosts that did not tell of theirs; absent where there is only one host.
    """

    sessions: list[QueuedSession]
    total: int
    live: int
    waiting: int
    before: int
    next: str | None
    hosts_missing: list[str] | msgspec.UnsetType = msgspec.UNSET
