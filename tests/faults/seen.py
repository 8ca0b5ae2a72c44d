"""A session as its callers see it while something breaks: what is told of it, in order."""

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from argusd.interviewer_bridge.events import subscribe
from argusd.interviewer_bridge.publish.media import synthetic
from argusd.interviewer_bridge.publish.publisher import Publisher
from argusd.scheduler.contract.events import Event, Gap

from ..live_daemon import Daemon
from ..waiting import answered

Fields = dict[str, Any]

WITHIN_S = 120  # on a busy machine


class Seen:
    """One session's events from its first one on."""

    def __init__(self, daemon: Daemon, session_id: str) -> None:
        self.session_id = session_id
        self.events: list[Event] = []
        self._following: AsyncGenerator[Event | Gap, None] = subscribe(
            daemon.url, session_id, last_event_id="0"
        )

    async def next(self, name: str, state: str | None = None) -> Event:
        """Read on to the next event of this name and state."""
        async with asyncio.timeout(WITHIN_S):
            async for event in self._following:
                assert isinstance(event, Event), event
                self.events.append(event)
                if event.name == name and state in (None, event.state):
                    return event
        raise AssertionError(f"no {name} came")

    @property
    def edges(self) -> list[tuple[str, str, str | None]]:
        """Name, state and reason of the violations' starts and ends so far."""
        edges = [each for each in self.events if each.type == "violation" and each.state != "update"]
        return [(each.name, each.state, each.data.get("reason")) for each in edges]

    @property
    def lost(self) -> int:
        """Events that did not come, of those before the newest that did."""
        return self.events[-1].seq - len(self.events)

    async def aclose(self) -> None:
        await self._following.aclose()


@contextlib.asynccontextmanager
async def nobody_there(daemon: Daemon) -> AsyncIterator[Seen]:
    """A session whose publisher shows no face, from when that is found on."""
    session_id = f"absent-{secrets.token_hex(4)}"
    async with Publisher(daemon.url, session_id, synthetic(), patience_s=60):
        seen = Seen(daemon, session_id)
        try:
            await seen.next("face_absent", "start")
            yield seen
        finally:
            await seen.aclose()


def get(daemon: Daemon, path: str) -> tuple[int, Fields]:
    """Status and body."""
    try:
        with urlopen(daemon.url + path) as response:
            return response.status, json.load(response)
    except HTTPError as refusal:
        return refusal.code, json.load(refusal)


async def until(daemon: Daemon, path: str, holds: Callable[[Fields], bool]) -> float:
    """Ask until the answer is as wanted; the seconds that it took."""
    began = time.monotonic()

    async def ask() -> Fields:
        return (await asyncio.to_thread(get, daemon, path))[1]

    await answered(ask, holds)
    return time.monotonic() - began
