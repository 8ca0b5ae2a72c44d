"""What is stored so far, and the Redis commands that add an entry to it.

The store mirrors in memory where each session's events, each origin's numbers and the violation counts stand
in Redis, so that a write needs no read before it. After a failed write nobody knows what Redis has taken:
``forget`` empties the mirror and ``load`` reads it anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

import msgspec
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.events import Event
from argusd.scheduler.contract.results import Violation, readable

from ..config import ApiConfig
from ..sessions.session import Media
from ..store.unreadable import Unreadable, is_text
from .event_making import numbered
from .left_open import OpenViolation, end_of, field, is_left_open
from .log_entries import Append, EndLeftOpen, Erase, Forget, Keep, LogEntry
from .transaction import PIECE, Fence, Fenced, Kept, Multi, Transaction

Kind = TypeVar("Kind")
Rows = list[tuple[bytes, Any]]


WALL_CLOCK_LEAP_S = 2 * 3600
NO_STREAM = "no such key"
KEPT_WITH_EVENTS = (
    keys.events,
    keys.outline,
    keys.reviews,
    keys.results,
    keys.open_violations,
    keys.evidence,
)


class SessionMark(msgspec.Struct):
    """Where a session stands: its last seq, its violations by name, and those that go on by their field.

    ``stored``: the seq of its newest event that is stored; later ones were lost. ``told``: that of the newest
    that readers may have seen, be it that Redis has lost it since.
    """

    seq: int
    violations: dict[str, Violation]
    open: dict[str, OpenViolation]
    stored: int = 0
    told: int = 0


class EventStore:
    """Stages entries into transactions. One writer only: nobody else may add events.

    ``fence``: where several hosts share the Redis, what this one holds; it alone writes for that.
    """

    def __init__(self, config: ApiConfig, unreadable: Unreadable, fence: Fence | None = None) -> None:
        self._config = config
        self._kept = Kept(config.events_per_session, config.events_overall)
        self._held = keys.held(fence.host_id if fence else "")
        self._fence = fence
        self._unreadable = unreadable
        self._overall: int | None = None  # where the newest event of all sessions is, or is staged
        self._overall_told = 0  # where the newest is that readers may have seen
        self._positions: dict[str, int] = {}
        self._sessions: dict[str, SessionMark] = {}
        self._told: dict[str, int] = {}  # of sessions whose mark is forgotten

    def transaction(self, redis: Redis) -> Transaction:
        """An empty transaction, to be staged into once what it is about is loaded."""
        if self._fence is None:
            return Multi(redis, self._kept, self._overall_after)
        return Fenced(redis, self._kept, self._fence, self._overall_told)

    def _overall_after(self, count: int) -> int:
        self._overall = (self._overall or 0) + count
        return self._overall

    def forget(self) -> None:
        """Trust nothing that is remembered, but that no seq or place may come again that readers may know."""
        self._overall = None
        self._positions.clear()
        self._told |= {session_id: mark.told for session_id, mark in self._sessions.items()}
        self._sessions.clear()

    def forget_session(self, session_id: str) -> None:
        """Free what is remembered of a session that has been erased, or is another host's."""
        self._sessions.pop(session_id, None)
        self._told.pop(session_id, None)

    def stored(self, session_ids: Iterable[str], place: int) -> None:
        """What was staged for these sessions is in Redis, where all sessions' events end at this place."""
        self._overall_told = max(self._overall_told, place)
        for session_id in session_ids:
            mark = self._sessions[session_id]
            mark.told = mark.stored

    def position(self, origin: str) -> int:
        """The last number of this origin that is stored; known once an entry of it was loaded."""
        return self._positions[origin]

    async def load(self, redis: Redis, origins: Iterable[str], session_ids: Iterable[str]) -> None:
        """Read what is not remembered of these origins and sessions, in one round trip."""
        new_origins = [origin for origin in set(origins) if origin not in self._positions]
        new_sessions = [each for each in set(session_ids) if each not in self._sessions]
        if self._overall is not None and not new_origins and not new_sessions:
            return
        async with redis.pipeline(transaction=False) as pipe:
            pipe.xinfo_stream(keys.ALL_EVENTS)
            for origin in new_origins:
                pipe.get(keys.position(origin))
            for session_id in new_sessions:
                pipe.xrevrange(keys.events(session_id), count=1)
                pipe.hgetall(keys.results(session_id))
                pipe.hgetall(keys.open_violations(session_id))
                pipe.xrevrange(keys.outline(session_id), count=1)
                pipe.hlen(keys.reviews(session_id))
            answers = iter(await pipe.execute(raise_on_error=False))
        overall = next(answers)
        if isinstance(overall, ResponseError) and NO_STREAM in str(overall):
            overall = {}
        overall = await self._unreadable.usable("events", keys.ALL_EVENTS, overall, {})
        if self._overall is None:
            self._overall = max(newest_number(overall), self._overall_told)
        for origin in new_origins:
            number = await self._unreadable.usable("position", keys.position(origin), next(answers), b"")
            self._positions[origin] = int(number) if number and number.isdigit() else 0
        for session_id in new_sessions:
            mark = self._sessions[session_id] = await self._mark(session_id, *islice(answers, 5))
            mark.told = max(mark.stored, self._told.pop(session_id, 0))
            mark.seq = max(mark.seq, mark.told)

    async def _mark(
        self, session_id: str, events: Any, results: Any, going_on: Any, outline: Any, reviews: Any
    ) -> SessionMark:
        """Where the session stands, by Redis' answers."""
        await self._unreadable.usable("reviews", keys.reviews(session_id), reviews, 0)
        kept: Rows = await self._unreadable.usable("outline", keys.outline(session_id), outline, [])
        newest: Rows = await self._unreadable.usable("events", keys.events(session_id), events, [])
        violations = await self._fields("results", session_id, keys.results(session_id), results, Violation)
        open_ = await self._fields(
            "open", session_id, keys.open_violations(session_id), going_on, OpenViolation
        )
        counts = {name.removeprefix("violation:"): count for name, count in violations.items()}
        stored = last_number(newest)
        return SessionMark(max(stored, last_number(kept)), counts, open_, stored)

    async def _fields(
        self, what: str, session_id: str, key: str, answer: Any, kind: type[Kind]
    ) -> dict[str, Kind]:
        """The fields of a session's hash, but for ``latest:…``; those that cannot be read are set aside."""
        fields: dict[bytes, bytes] = await self._unreadable.usable(what, key, answer, {})
        found = {
            field: readable(value, kind) if is_text(field) else None
            for field, value in fields.items()
            if not field.startswith(b"latest:")
        }
        bad = [(session_id.encode(), field, fields[field]) for field, value in found.items() if value is None]
        await self._unreadable.set_aside(what, key, bad)
        return {field.decode(): value for field, value in found.items() if value is not None}

    def skip(self, pipe: Transaction, session_id: str, count: int) -> None:
        """Leave a hole where events of a session were lost; readers see it as a gap."""
        self._sessions[session_id].seq += count
        pipe.skip(session_id, count)

    def stage(self, pipe: Transaction, entry: LogEntry) -> bool:
        """Put an entry's commands into the transaction; False if it has been stored before."""
        if entry.number <= self._positions[entry.origin]:
            return False
        self._positions[entry.origin] = entry.number
        if isinstance(entry.change, Append):
            self._stage_found(pipe, entry.origin, entry.change)
        elif isinstance(entry.change, Keep):
            self._stage_media(pipe, entry.session_id, entry.change.media)
        elif isinstance(entry.change, Erase):
            self._stage_erasure(pipe, entry.session_id, entry.change.places)
        elif isinstance(entry.change, Forget):
            gone = (f"latest:{each}" for each in entry.change.streams)
            pipe.add(entry.session_id, "HDEL", keys.results(entry.session_id), *gone)
        elif isinstance(entry.change, EndLeftOpen):
            going_on = self._sessions[entry.session_id].open.values()
            for violation in [each for each in going_on if is_left_open(each, entry.change.boots)]:
                self._stage_found(pipe, violation.origin, Append(end_of(violation.event)))
        return True

    def stage_latest(self, pipe: Transaction, session_id: str, stream: str, result: bytes) -> None:
        """The newest result of one of a session's streams."""
        pipe.add(session_id, "HSET", keys.results(session_id), f"latest:{stream}", result)

    def stage_ends(self, pipe: Transaction, origins: Iterable[str]) -> None:
        """Close a transaction: how far each origin is, and how long Redis keeps each session's keys.

        It goes by the wall clock, which may be set anew: what is in use outlives that. It is the api that
        erases in time; Redis does where no api runs.
        """
        retention = self._config.retention_s + WALL_CLOCK_LEAP_S
        for origin in origins:
            pipe.add("", "SET", keys.position(origin), self._positions[origin], "EX", retention)
        for session_id in pipe.sessions - {""}:
            for key in KEPT_WITH_EVENTS:
                pipe.add(session_id, "EXPIRE", key(session_id), retention)

    def _stage_found(self, pipe: Transaction, origin: str, change: Append) -> None:
        """An event, and before it the end of what it starts again, should that have been lost."""
        event = change.event
        if event.type == "violation":
            violations, key = self._sessions[event.session_id].open, keys.open_violations(event.session_id)
            before = violations.get(field(event))
            if event.state == "start" and before is not None:
                self._stage_event(pipe, Append(end_of(before.event)))
            elif before is not None and before.origin != origin:
                return  # the session's earlier scheduler tells the end of what has been ended for it
            if event.state == "end":
                violations.pop(field(event), None)
                pipe.add(event.session_id, "HDEL", key, field(event))
            else:
                violations[field(event)] = OpenViolation(origin, event, change.scheduler)
                body = msgspec.json.encode(violations[field(event)])
                pipe.add(event.session_id, "HSET", key, field(event), body)
        self._stage_event(pipe, change)

    def _stage_event(self, pipe: Transaction, change: Append) -> None:
        session_id = change.event.session_id
        mark = self._sessions[session_id]
        mark.seq += 1
        event = numbered(change.event, mark.seq)
        pipe.follows(session_id, mark.stored)
        body = msgspec.json.encode(event)
        pipe.event(session_id, mark.seq, body)
        mark.stored = mark.seq
        if (event.type, event.state) != ("observation", "update"):
            kept = ("MAXLEN", "~", self._kept.per_session)
            pipe.add(session_id, "XADD", keys.outline(session_id), *kept, f"{mark.seq}-0", "e", body)
        if event.type == "violation":
            count = counted(mark.violations.get(event.name, Violation()), event)
            mark.violations[event.name] = count
            body = msgspec.json.encode(count)
            pipe.add(session_id, "HSET", keys.results(session_id), f"violation:{event.name}", body)
        if change.media is not None:
            self._stage_media(pipe, session_id, change.media)
        if change.evidence is not None:
            body = msgspec.json.encode(change.evidence)
            pipe.add(session_id, "HSET", keys.evidence(session_id), change.evidence.evidence_id, body)
        if change.review is not None:
            body = msgspec.json.encode(change.review)
            pipe.add(session_id, "HSET", keys.reviews(session_id), change.review.seq, body)

    def _stage_media(self, pipe: Transaction, session_id: str, media: Media) -> None:
        pipe.add(session_id, "HSET", keys.record(session_id), "media", msgspec.json.encode(media))

    def _stage_erasure(self, pipe: Transaction, session_id: str, places: Sequence[int]) -> None:
        pipe.follows(session_id, self._sessions[session_id].stored)
        for begin in range(0, len(places), PIECE):
            ids = (f"{place}-0" for place in places[begin : begin + PIECE])
            pipe.add(session_id, "XDEL", keys.ALL_EVENTS, *ids)
        pipe.add(session_id, "DEL", *keys.of_session(session_id))
        pipe.add(session_id, "SREM", self._held, session_id)
        self._sessions[session_id] = SessionMark(0, {}, {})


def newest_number(stream: Mapping[str, Any]) -> int:
    """The number in the newest id that a stream (``XINFO STREAM``) ever had: no later one may be lower."""
    return int(stream.get("last-generated-id", b"0").partition(b"-")[0])


def last_number(newest: Rows) -> int:
    """The number in the id of a stream's newest entry, 0 for an empty stream."""
    return int(newest[0][0].partition(b"-")[0]) if newest else 0


def counted(before: Violation, event: Event) -> Violation:
    """The violation after one more of its events."""
    media_s = float(event.data.get("media_s", 0.0))
    if event.state == "start":
        return Violation(before.count + 1, before.total_s, media_s, event.captured_at)
    if event.state == "end" and before.open_since_s is not None:
        # The rule knows better than the moments of its events when the condition held.
        lasted = max(0.0, float(event.data.get("duration_s", media_s - before.open_since_s)))
        return Violation(before.count, before.total_s + lasted, None, before.last_at)
    return before
