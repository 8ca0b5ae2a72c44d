"""What the event log is given to do: each entry is one thing, for one session."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from argusd.scheduler.contract.events import Event
from argusd.scheduler.contract.evidence.records import Evidence
from argusd.scheduler.contract.reviews.reviews import Review

from ..sessions.session import Media


class Append(NamedTuple):
    """Store this event; with it, where the session's media is now, or which scheduler found it.

    ``evidence``: what is kept of it, or is to be. ``review``: the one that the event tells of.
    """

    event: Event
    media: Media | None = None
    scheduler: str = ""
    evidence: Evidence | None = None
    review: Review | None = None


class Keep(NamedTuple):
    """Store where the session's media is now, and no event."""

    media: Media


class Erase(NamedTuple):
    """Remove everything that is stored of the session; ``places``: of its events among all sessions'."""

    places: Sequence[int] = ()


class Forget(NamedTuple):
    """Remove the newest results of these streams: nobody looks any more, or looks anew."""

    streams: tuple[str, ...]


class EndLeftOpen(NamedTuple):
    """End the violations that schedulers which are no more have left open; ``boots``: see ``left_open``."""

    boots: Mapping[str, str | None]


class Skip(NamedTuple):
    """Store nothing but that the entry has been seen."""


Change = Append | Keep | Erase | Forget | EndLeftOpen | Skip


class LogEntry(NamedTuple):
    """One thing to do for a session. ``origin`` is a process's boot, ``number`` rises with its entries."""

    origin: str
    number: int
    session_id: str
    change: Change
