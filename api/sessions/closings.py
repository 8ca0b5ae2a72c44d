"""Media that ended, and what waits for their last findings: ``closed``, and the session's next media.

::

    ended ─▶ SessionEnded ─▶ scheduler ─▶ findings ─▶ SessionOver ─▶ ``closed`` is stored, after them

That the media have ended is stored at once, without an event: when the api is killed, the next one goes on
from there. A scheduler that does not answer in time is given up, and ``closed`` says so in
``data.late_findings``: ``scheduler_away`` or ``scheduler_silent``. What such a scheduler tells later is
stored after ``closed``; what it never ends, being no more, is ended there too (``events/left_open.py``).
"""

import asyncio
import time
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from ..events.event_log import EventLog
from ..events.event_making import session_event
from ..workers.scheduler_link import SchedulerLink
from .session import Ending, Session

GIVEN_UP_AFTER_S = 30.0  # a scheduler that is started again takes less, unless its models are large
NEXT_WAITS_S = 5.0  # at most, who begins the session's next media or deletes it


class Closing(NamedTuple):
    """Media whose ``closed`` is held back. ``overs`` are done when the scheduler has told everything."""

    session: Session
    scheduler: SchedulerLink
    overs: Sequence[asyncio.Future[None]]
    timer: asyncio.TimerHandle


class Closings:
    """At most one of each session is held back: it comes before the session's next media."""

    def __init__(self, event_log: EventLog) -> None:
        self._event_log = event_log
        self._held_back: dict[str, Closing] = {}
        self._storing: dict[str, asyncio.Future[None]] = {}

    def begin(self, session: Session, scheduler: SchedulerLink, ending: Ending) -> None:
        """Store that the session's media have ended, and wait for the last findings."""
        assert session.media is not None, "only media end"
        session.media = msgspec.structs.replace(session.media, ending=ending, changed_at=time.time())
        self._event_log.keep(session.session_id, session.media)
        self.await_findings(session, scheduler)

    def await_findings(self, session: Session, scheduler: SchedulerLink) -> None:
        """Wait for the last findings of media whose end is stored; or that are lost, as is told at once."""
        session_id = session.session_id
        overs = [scheduler.unwatch(media) for media in session.media_keys]
        timer = asyncio.get_running_loop().call_later(GIVEN_UP_AFTER_S, self.release, session_id)
        self._held_back[session_id] = Closing(session, scheduler, overs, timer)
        for over in overs:
            over.add_done_callback(lambda _: self._heard(session_id))

    def release(self, session_id: str) -> None:
        """Store the session's ``closed`` now, if it is held back."""
        closing = self._held_back.pop(session_id, None)
        if closing is None:
            return
        closing.timer.cancel()
        about = {}
        if unheard := [over for over in closing.overs if not over.done()]:
            about["late_findings"] = "scheduler_silent" if closing.scheduler.connected else "scheduler_away"
        for over in unheard:
            over.cancel()
        self._store(closing.session, about)

    def unheard(self, session: Session) -> None:
        """Store the ``closed`` that a host which is no more has held back."""
        self._store(session, {"late_findings": "scheduler_away"})

    def drop(self, session_id: str) -> None:
        """Another host holds the session: nothing of it is told here."""
        if closing := self._held_back.pop(session_id, None):
            closing.timer.cancel()
            for over in closing.overs:
                over.cancel()

    async def told(self, session_id: str) -> None:
        """Return when the last findings of the session's earlier media have come, or will not soon."""
        if closing := self._held_back.get(session_id):
            await asyncio.wait(closing.overs, timeout=NEXT_WAITS_S)
            self.release(session_id)

    async def stored(self, session_id: str) -> None:
        """Return when the session's ``closed``, if it is not held back any more, is stored."""
        if storing := self._storing.get(session_id):
            await asyncio.shield(storing)

    async def finish(self) -> None:
        """Let last findings come where they can, and hold nothing back after that: the process ends."""
        waiting = [each for each, closing in self._held_back.items() if closing.scheduler.connected]
        await asyncio.gather(*map(self.told, waiting))
        for session_id in list(self._held_back):
            self.release(session_id)

    def _heard(self, session_id: str) -> None:
        closing = self._held_back.get(session_id)
        if closing is not None and all(over.done() for over in closing.overs):
            self.release(session_id)

    def _store(self, session: Session, about: dict[str, str]) -> None:
        session_id, media = session.session_id, session.media
        if media is None or (ending := media.ending) is None:
            return
        if ending.detail:
            about["detail"] = ending.detail
        media = session.media = msgspec.structs.replace(media, phase="closed", ending=None)
        closed = session_event(session_id, "closed", media.worker, ending.reason, **about)
        storing = self._storing[session_id] = self._event_log.append(closed, media)
        storing.add_done_callback(lambda _: self._forget(session_id, storing))

    def _forget(self, session_id: str, stored: asyncio.Future[None]) -> None:
        if self._storing.get(session_id) is stored:
            del self._storing[session_id]
