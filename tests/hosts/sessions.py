"""Sessions at hosts of a test's choice, and what is told of them."""

import contextlib
import secrets
from asyncio import timeout
from collections.abc import AsyncGenerator, AsyncIterator

from redis.asyncio import Redis

from argusd.api.hosts.claims import Claims
from argusd.interviewer_bridge.client import MLOrchestratorClient
from argusd.interviewer_bridge.events import subscribe
from argusd.interviewer_bridge.publish.media import Source, SyntheticAudio
from argusd.interviewer_bridge.publish.publisher import Publisher
from argusd.scheduler.contract.events import Event, Gap

from ..waiting import LONGEST_S
from .cluster import TOKEN, Cluster, Host

Events = AsyncGenerator[Event | Gap, None]


async def held_by(cluster: Cluster, host: Host) -> str:
    """A new session of this host, which is ready for it."""
    async with MLOrchestratorClient(host.url, TOKEN) as client:
        await client.wait_until_ready(("live",))
    session_id = secrets.token_hex(8)
    async with Redis.from_url(cluster.redis_url) as redis:
        await Claims(redis, "nobody").claim(session_id, only=host.name)
    return session_id


async def holder_of(cluster: Cluster, session_id: str) -> str | None:
    """The host that holds the session."""
    async with Redis.from_url(cluster.redis_url) as redis:
        claim = await Claims(redis, "nobody").holder(session_id)
        return claim and claim.host_id


@contextlib.asynccontextmanager
async def live_at(cluster: Cluster, host: Host) -> AsyncIterator[str]:
    """A session that is live at this host, of sound alone, which costs little; it ends with the context."""
    session_id = await held_by(cluster, host)
    async with Publisher(host.url, session_id, Source(None, SyntheticAudio()), token=TOKEN):
        async with told(host.url, session_id) as events:
            await until(events, "live")
        yield session_id


@contextlib.asynccontextmanager
async def told(urls: str, session_id: str) -> AsyncIterator[Events]:
    """What these hosts tell of a session, from its beginning."""
    async with contextlib.aclosing(subscribe(urls, session_id, token=TOKEN, last_event_id="0")) as events:
        yield events


async def until(events: Events, name: str, times: int = 1) -> list[Event]:
    """The session's events up to the one that is the how manieth of this name; none is missing."""
    seen: list[Event] = []
    async with timeout(LONGEST_S):
        async for event in events:
            assert isinstance(event, Event), "no event is missing"
            seen.append(event)
            times -= event.name == name
            if not times:
                break
    return seen


async def goes_on(host: Host, session_id: str, times: int = 1) -> None:
    """Return once the host has told of the session as often as that, from now on."""
    async with contextlib.aclosing(subscribe(host.url, session_id, token=TOKEN)) as events:
        await until(events, "face", times)


def changes(events: list[Event]) -> list[str]:
    """The names of the session's changes."""
    return [event.name for event in events if event.type == "session"]


def lost(events: list[Event]) -> int:
    """How much of what the scheduler told from time to time, and counted, is not among a session's events."""
    numbers: list[int] = [event.data["number"] for event in events if event.type == "observation"]
    assert numbers == sorted(set(numbers)), "each once, and in order"
    return numbers[-1] + 1 - len(numbers)
