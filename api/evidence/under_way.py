"""Evidence from its beginning until it is stored as finished.

::

    begin ──▶ is made ──▶ over: it came, failed, or took too long ──▶ next_over ──▶ stored, remove
                 └──────────── its session went: drop_session ◀──────────────┘

What is over is stored in the order in which it ended; while Redis is away it waits here.
"""

import asyncio
import time
from collections.abc import Iterator

import msgspec

from argusd.scheduler.contract.evidence.messages import ASKED_WITHIN_S, Captured
from argusd.scheduler.contract.evidence.records import Evidence, Snapshot
from argusd.scheduler.contract.media_key import MediaKey

MOST_MADE = 256
MOST_WAITING = 4096  # some kilobytes each
GIVEN_UP_AFTER_S = 300.0  # a busy machine has little time for clips


class Making(msgspec.Struct):
    """One piece of evidence and the media that it is of. ``since``: monotonic seconds."""

    evidence: Evidence
    media: MediaKey
    since: float


class UnderWay:
    """All of it, by id. Of what ends a second time, before it is stored, only the first outcome counts."""

    def __init__(self) -> None:
        self._making: dict[str, Making] = {}
        self._over: dict[str, Captured] = {}  # of these, in the order in which they ended
        self._any_over = asyncio.Event()

    def __contains__(self, evidence_id: str) -> bool:
        return evidence_id in self._making

    @property
    def has_room(self) -> bool:
        """Whether another one may be made."""
        return len(self._making) < MOST_MADE

    @property
    def full(self) -> bool:
        """Whether nothing more can even be noted as not made: so much waits for Redis."""
        return len(self._making) >= MOST_WAITING

    def begin(self, evidence: Evidence, media: MediaKey) -> None:
        """Evidence that is made from now on; what is under way already stays as it is."""
        self._making.setdefault(evidence.evidence_id, Making(evidence, media, time.monotonic()))

    def find(self, evidence_id: str) -> Evidence | None:
        """This evidence, as far as it is made."""
        making = self._making.get(evidence_id)
        return making.evidence if making else None

    def asked_for(self) -> Iterator[tuple[Evidence, MediaKey]]:
        """All that is being made, and the media that it is of."""
        for evidence_id, making in self._making.items():
            if evidence_id not in self._over:
                yield making.evidence, making.media

    def add_snapshot(self, evidence_id: str, snapshot: Snapshot) -> None:
        """The evidence's picture is there."""
        if making := self._making.get(evidence_id):
            making.evidence = msgspec.structs.replace(making.evidence, snapshot=snapshot)

    def end(self, captured: Captured) -> None:
        """This is what came of it."""
        if captured.evidence_id in self._making:
            self._over.setdefault(captured.evidence_id, captured)
            self._any_over.set()

    def end_overdue(self, *, away: bool) -> None:
        """Give up what takes too long; where the recorder is ``away``, what it would not do any more."""
        before = time.monotonic() - (ASKED_WITHIN_S if away else GIVEN_UP_AFTER_S)
        for evidence_id in [each for each, making in self._making.items() if making.since <= before]:
            self.end(Captured(evidence_id, None, None, "lost"))

    async def next_over(self) -> tuple[str, Captured]:
        """The session of what has been over for longest, and what came of it; again until it is removed."""
        while not self._over:
            self._any_over.clear()
            await self._any_over.wait()
        evidence_id, captured = next(iter(self._over.items()))
        return self._making[evidence_id].evidence.session_id, captured

    def remove(self, evidence_id: str) -> None:
        """It is stored as finished, or never will be."""
        self._making.pop(evidence_id, None)
        self._over.pop(evidence_id, None)

    def drop_session(self, session_id: str) -> None:
        """Remove all of a session's."""
        for evidence_id, making in [*self._making.items()]:
            if making.evidence.session_id == session_id:
                self.remove(evidence_id)
