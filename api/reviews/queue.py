"""Which session needs a look before which, and where a page of them begins: pure."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from argusd.scheduler.contract.reviews.queue import QueuedSession, QueueQuestion, Waiting
from argusd.scheduler.contract.sessions import ACTIVE, Track, TrackView

from ..sessions.session import Session

Order = tuple[int, float, str]
"""What sessions are sorted by."""

GOES_ON, SILENT, UNREVIEWED, LIVE, REST = range(5)
"""How urgent a session is: a violation goes on in it; its media, or one of its tracks, bring nothing, or one
picture over and over; somebody has to decide about a violation; nothing; it is over, or has not begun."""


class Standing(NamedTuple):
    """What the order of sessions goes by. ``silent``: the media are there and bring nothing, or in part."""

    session_id: str
    live: bool
    silent: bool
    updated_at: float
    waiting: Waiting

    @property
    def waits(self) -> bool:
        """Whether it has a violation that goes on or that nobody has decided about."""
        return bool(self.waiting.going_on or self.waiting.unreviewed)

    @property
    def order(self) -> Order:
        """The most urgent first; among those that are as urgent the one in which something happened last."""
        return self._urgency, -max(self.updated_at, self.waiting.last_at or 0.0), self.session_id

    @property
    def _urgency(self) -> int:
        if self.waiting.going_on and self.live:
            return GOES_ON
        if self.silent:
            return SILENT
        if self.waits:
            return UNREVIEWED
        return LIVE if self.live else REST


def standing_of(session: Session, waiting: Waiting) -> Standing:
    """Where a session of this host stands."""
    tracks = session.media.tracks if session.media else ()
    live = session.active
    silent = live and is_silent(session.state, tracks)
    return Standing(session.session_id, live, silent, session.updated_at, waiting)


def standing_of_row(row: QueuedSession) -> Standing:
    """Where a session stands that some host told of."""
    live = row.state in ACTIVE
    silent = live and is_silent(row.state, row.tracks)
    return Standing(row.session_id, live, silent, row.updated_at, row.waiting)


def is_silent(state: str, tracks: Iterable[Track | TrackView]) -> bool:
    """Whether media that are there bring nothing, or some of their tracks do not."""
    return state == "stale" or any(each.state == "stale" for each in tracks)


def fitting(standings: Iterable[Standing], question: QueueQuestion) -> list[Standing]:
    """Those that are asked for, in their order."""
    asked = question.search.casefold()
    found = (each for each in standings if asked in each.session_id.casefold())
    return sorted((each for each in found if shows(question.show, each)), key=lambda each: each.order)


def behind(standings: Sequence[Standing], after: str) -> int:
    """How many of them, which are in their order, stand before the page behind this cursor; none for ""."""
    if not after:
        return 0
    urgency, at, session_id = after.split(",", 2)
    return bisect_right(standings, (int(urgency), float(at), session_id), key=lambda each: each.order)


def cursor_of(standing: Standing) -> str:
    """Where the page behind this session begins, wherever the session itself goes meanwhile."""
    return ",".join(map(str, standing.order))


def shows(show: str, standing: Standing) -> bool:
    """Whether a session belongs to what is to be shown."""
    match show:
        case "waiting":
            return standing.waits
        case "live":
            return standing.live
        case "ended":
            return not standing.live
        case _:
            return True
