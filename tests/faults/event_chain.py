"""Events on their way from schedulers through the api and Redis to readers, any of which may be killed.

The api and its Redis are processes. A scheduler's death is that of what it has not been acknowledged; a
reader's is that it begins anew behind the last event which it had noted down, some events ago.
"""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from argusd.interviewer_bridge.errors import SubscriptionRefused, Unreachable
from argusd.interviewer_bridge.events import subscribe
from argusd.scheduler.contract.events import Event, Gap

from ..api.api_process import ApiProcess
from ..api.fakes import FakeScheduler, FakeWorker
from ..api.fixtures import make_config
from ..waiting import until

SESSIONS = ("s1", "s2", "s3")
UNDER_WAY = 300  # findings that wait for their acknowledgement, at most
NOTED_EVERY = 40


class Chain:
    """A worker with sessions, schedulers that find, an api that stores, and readers."""

    def __init__(self, directory: Path, seed: int) -> None:
        self._directory = directory
        self.random = random.Random(seed)
        self.worker = FakeWorker(directory / "ingest-0.sock")
        self.boots = 0
        self.told = 0
        self._unheard: set[int] = set()
        self.scheduler = self._next_scheduler()
        config = make_config(directory, events_per_session=1_000_000, events_overall=1_000_000)
        self.api = ApiProcess(config)
        self.readers = [Reader(self.api.url, session_id) for session_id in (*SESSIONS, None)]

    async def __aenter__(self) -> "Chain":
        await self.api.open()
        for session_id in SESSIONS:
            await self.api.publish(session_id)
        for reader in self.readers:
            reader.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        for reader in self.readers:
            await reader.close()
        await self.api.close()
        self.scheduler.die()
        self.worker.die()

    async def find(self, count: int) -> None:
        """Have so many more findings told."""
        for _ in range(count):
            await self.scheduler.until(lambda: len(self.scheduler.unacked) < UNDER_WAY)
            self.told += 1
            self.scheduler.find(self.random.choice(SESSIONS), data={"number": self.told})

    async def finish(self) -> list[Event]:
        """Return when all that was told is stored, and every reader has it; that, as Redis holds it."""
        await self.scheduler.until(lambda: not self.scheduler.unacked)
        stored: list[Event] = []
        for session_id in SESSIONS:
            newest = (await self._newest(session_id)).seq
            everything = Reader(self.api.url, session_id)
            everything.open()
            await everything.until(session_id, newest)
            await everything.close()
            stored += everything.seen.values()
            for reader in self.readers:
                if reader.session_id in (session_id, None):
                    await reader.until(session_id, newest)
        return stored

    async def _newest(self, session_id: str) -> Event:
        async with self.api.events(f"/sessions/{session_id}/events?after=-1") as events:
            return msgspec.convert((await events.next())[2], Event)

    def faults(self) -> list[Callable[[], Awaitable[None]]]:
        """What may happen to a chain, in turn."""
        return [
            self.disconnect,
            self.api.restart,
            self.kill_reader,
            self.disconnect,
            self.kill_scheduler,
            self.kill_redis,
            self.kill_reader,
        ]

    async def kill_redis(self) -> None:
        self.api.redis().kill()

    @property
    def acknowledged(self) -> set[int]:
        """The numbers of the findings that schedulers were told are stored."""
        return set(range(1, self.told + 1)) - self._unheard

    async def kill_scheduler(self) -> None:
        """It dies with what was not acknowledged, be that stored or not."""
        self._unheard |= {each.data["number"] for each in self.scheduler.unacked}
        self.scheduler.die()
        self.scheduler = self._next_scheduler()

    async def disconnect(self) -> None:
        """A reader's connection breaks; its client goes on behind the last event that it has seen."""
        await self.random.choice(self.readers).restart(noted=False)

    async def kill_reader(self) -> None:
        """A reader dies between two notes; the next one goes on behind the last that was noted."""
        await self.random.choice(self.readers).restart(noted=True)

    def _next_scheduler(self) -> FakeScheduler:
        self.boots += 1
        return FakeScheduler(self._directory / "scheduler-0.sock", f"boot-{self.boots}")


class Reader:
    """Reads with the client's own ``subscribe``; ``session_id`` None: the events of all sessions."""

    def __init__(self, url: str, session_id: str | None) -> None:
        self.session_id = session_id
        self.seen: dict[str, Event] = {}
        self.repeated = 0
        self.gaps: list[Gap] = []
        self.out_of_order = 0
        self.newest: Counter[str] = Counter()
        self.came = asyncio.Event()
        self._url = url
        self._noted = self._last = "0"

    def open(self) -> None:
        self._task = asyncio.create_task(self._read())

    async def close(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def restart(self, *, noted: bool) -> None:
        await self.close()
        if noted:
            self._last = self._noted
        self.open()

    async def until(self, session_id: str, seq: int) -> None:
        """Return once it has so many events of a session."""
        await until(lambda: self.newest[session_id] >= seq, self.came)

    async def _read(self) -> None:
        while True:
            with contextlib.suppress(Unreachable, SubscriptionRefused):  # the api or Redis was away
                await self._follow()
            await asyncio.sleep(0.05)

    async def _follow(self) -> None:
        async for event in subscribe(self._url, self.session_id, last_event_id=self._last):
            if isinstance(event, Gap):
                self.gaps.append(event)
            else:
                self._take(event)
            self.came.set()

    def _take(self, event: Event) -> None:
        if event.id in self.seen:
            assert self.seen[event.id] == event, "what comes twice is the same"
            self.repeated += 1
        else:
            self.out_of_order += event.seq != self.newest[event.session_id] + 1
            self.newest[event.session_id] = event.seq
            self.seen[event.id] = event
        self._last = event.id
        if len(self.seen) % NOTED_EVERY == 0:
            self._noted = event.id
