"""Reading the stored events back, a page at a time."""

from collections.abc import Awaitable, Sequence
from typing import cast

import msgspec
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.events import Event
from argusd.scheduler.contract.results import (
    Results,
    StoredMedia,
    read_results,
    readable,
    stage_results,
)
from argusd.scheduler.contract.sessions import ACTIVE

from ..store.unreadable import name
from .event_store import last_number, newest_number
from .frames import EVERYTHING, Page, frame, frame_id

PAGE = 64
"""Events in a page: as much as a reader that does not take them may hold on to."""

PLACES = 1000

Fields = dict[bytes, bytes]
Stream = list[tuple[bytes, Fields]]


class History:
    """What readers of events and results ask of Redis."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def newest(self, topic: str) -> int:
        """The position of the topic's newest event (a session's seq), be it erased; 0 before the first."""
        return (await self.newest_of([topic]))[0]

    async def page(self, topic: str, after: int) -> Page:
        """The events beyond a position, as many as fit into a page, without those that cannot be read."""
        rows = cast(Stream, await self._redis.xrange(stream_of(topic), f"({after}-0", count=PAGE))
        if not rows:
            return Page(after, after, [])
        numbers = [last_number([row]) for row in rows]
        if topic == EVERYTHING:
            events = await self._events(rows)
        else:
            events = [event_in(fields) for _, fields in rows]
        frames = [
            (number, frame(frame_id(topic, number), event))
            for number, event in zip(numbers, events, strict=True)
            if event is not None
        ]
        return Page(after, numbers[-1], frames)

    async def _events(self, rows: Stream) -> list[bytes | None]:
        """The events that rows of the stream of all sessions name; None for one that is no longer kept."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for _, fields in rows:
                session_id, place = name(fields.get(b"s", b"")), name(fields.get(b"q", b""))
                pipe.xrange(keys.events(session_id), place, place)
            found = await pipe.execute(raise_on_error=False)
        for answer in found:
            if isinstance(answer, Exception) and not isinstance(answer, ResponseError):
                raise answer
        return [event_in(hit[0][1]) if hit and isinstance(hit, list) else None for hit in found]

    async def is_session(self, session_id: str) -> bool:
        """Whether some host holds, or held, a session of this id."""
        return bool(await self._redis.exists(keys.record(session_id)))

    async def is_live(self, session_id: str) -> bool:
        """Whether the session's media are there, as far as is stored."""
        body = await cast(Awaitable[bytes | None], self._redis.hget(keys.record(session_id), "media"))
        told = readable(body, StoredMedia) if body else None
        return told is not None and told.phase in ACTIVE

    async def newest_of(self, topics: Sequence[str]) -> list[int]:
        """``newest`` of several topics, in one round trip."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for topic in topics:
                pipe.xinfo_stream(stream_of(topic))
            answers = await pipe.execute(raise_on_error=False)
        # Where there is no stream yet, or something else, the next event sets that aside.
        return [newest_number(each) if isinstance(each, dict) else 0 for each in answers]

    async def places(self, session_id: str) -> list[int]:
        """The positions of the session's events among all sessions'."""
        found: list[int] = []
        after = "-"
        while rows := cast(Stream, await self._redis.xrange(keys.events(session_id), after, count=PLACES)):
            found += [int(fields[b"p"]) for _, fields in rows if fields.get(b"p", b"").isdigit()]
            after = f"({rows[-1][0].decode()}"
        return found

    async def outline(self, session_id: str) -> list[Event]:
        """The session's events but for observations' updates, as far as they are kept and can be read."""
        found: list[Event | None] = []
        after = "-"
        while rows := cast(Stream, await self._redis.xrange(keys.outline(session_id), after, count=PLACES)):
            found += [readable(fields.get(b"e", b""), Event) for _, fields in rows]
            after = f"({rows[-1][0].decode()}"
        return [event for event in found if event is not None]

    async def knows(self, session_id: str) -> bool:
        """Whether anything is stored of the session, be it only what its tasks have left."""
        return bool(await self._redis.exists(*keys.of_session(session_id)))

    async def position_of(self, session_id: str, seq: int) -> int | None:
        """Where a session's event stands among all sessions' events; None if it is not kept, or never was."""
        place = f"{seq}-0"
        rows = cast(Stream, await self._redis.xrange(keys.events(session_id), place, place))
        return int(rows[0][1].get(b"p", 0)) or None if rows else None

    async def results(self, session_id: str) -> Results:
        """What is known of the session now."""
        found = await stored_results(self._redis, session_id)
        return found or Results(session_id, "created", {}, {})


def stream_of(topic: str) -> str:
    """The key of the Redis stream with a topic's events."""
    return keys.ALL_EVENTS if topic == EVERYTHING else keys.events(topic)


async def stored_results(redis: Redis, session_id: str) -> Results | None:
    """What is known of a session, or None where nothing is (any more)."""
    async with redis.pipeline(transaction=True) as pipe:
        stage_results(pipe, session_id)
        return read_results(session_id, *await pipe.execute())


def event_in(fields: Fields) -> bytes | None:
    """A stored event's JSON; None where it is not JSON."""
    body = fields.get(b"e", b"")
    return None if readable(body, msgspec.Raw) is None else body
