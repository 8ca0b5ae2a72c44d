"""Room scans: the first frame is the reference, later ones are compared with it, the end sums them up.

What is known of a scan lies in Redis with its session, until it is complete, the session is deleted, or
nothing came for a quarter of an hour. Frames of one scan are looked at one after the other, as each needs
what the one before left.

A frame reads its own scan alone: a reference takes 40 kB, and a session may have many scans under way. What
nothing came for is looked for now and then.
"""

import asyncio
import math
import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple, cast
from weakref import WeakValueDictionary

import msgspec
from redis.asyncio import Redis

from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.errors import InvalidField, ScanExpired
from argusd.scheduler.contract.tasks.rooms import RoomScanFrame, VideoRoomScan
from argusd.scheduler.contract.wording.undecodable import UNDECODABLE

from ..events.redis_store import refused_while_away
from ..store.erasure import Erasure
from ..store.unreadable import Unreadable, is_text

TTL_S = 900
SWEEP_EVERY_S = 60.0
MOST_REMEMBERED = 10_000


class RoomScan(msgspec.Struct, kw_only=True):
    """One scan so far. ``reference``: the first frame's packed corners. ``first``, ``most``: objects by label
    in the first frame, and at most in any. ``lowest``, ``newest``: similarity of later frames. ``at``: unix
    seconds of the last frame."""

    reference: bytes
    first: dict[str, int]
    most: dict[str, int]
    frames: int = 1
    persons: int = 0
    at: float = 0.0
    lowest: float | None = None
    newest: float | None = None


class Stepped(NamedTuple):
    """The result of a frame or of the end, and who looked (None: nobody had to)."""

    result: dict[str, Any]
    worker_id: str | None


Look = Callable[[RoomScanFrame], Awaitable[tuple[dict[str, Any], str]]]


class Turn:
    """Whose frame is looked at (``lock``), and stored (``storing``), unless the session was ``deleted``."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.storing = asyncio.Lock()
        self.deleted = False


class RoomScans:
    """All scans under way.

    When sessions were swept is remembered of ``MOST_REMEMBERED`` at most; of more, the one that was swept
    longest ago is swept again when it is met.
    """

    def __init__(self, redis: Redis, unreadable: Unreadable, erasure: Erasure) -> None:
        self._redis = redis
        self._unreadable = unreadable
        self._erasure = erasure
        self._turns: WeakValueDictionary[tuple[str, str], Turn] = WeakValueDictionary()
        self._swept: OrderedDict[str, float] = OrderedDict()

    async def step(self, session_id: str, asked: VideoRoomScan, look: Look) -> Stepped:
        """Take a frame in, or end the scan. ``look`` has a scheduler look at a frame.

        Raises:
            InvalidField: neither a frame nor the end came, or both.
            ScanExpired: a scan that is not there is to end, or its session was deleted meanwhile.
            StoreUnavailable: Redis is away.
            ServiceError: what ``look`` raises.
        """
        if asked.complete == (asked.frame_b64 is not None):
            raise InvalidField(
                "The field frame_b64 is needed, unless complete is true; then it has no place."
            )
        turn = self._turns.setdefault((session_id, asked.scan_id), Turn())
        async with turn.lock:
            with refused_while_away():
                if asked.frame_b64 is None:
                    return Stepped(await self._end(session_id, asked.scan_id), None)
                frame = RoomScanFrame(frame_b64=asked.frame_b64, economy=asked.economy)
                return await self._frame(session_id, asked.scan_id, frame, look, turn)

    async def forget(self, session_id: str) -> None:
        """The session is about to be deleted: what is looked at just now is not stored."""
        self._swept.pop(session_id, None)
        turns = {key: turn for key, turn in self._turns.items() if key[0] == session_id}
        for key, turn in turns.items():
            turn.deleted = True
            del self._turns[key]
        for turn in turns.values():
            async with turn.storing:
                pass

    async def _frame(
        self, session_id: str, scan_id: str, frame: RoomScanFrame, look: Look, turn: Turn
    ) -> Stepped:
        scan = await self._find(session_id, scan_id)
        reference = scan.reference if scan else b""
        seen, worker_id = await look(msgspec.structs.replace(frame, reference=reference))
        features, counts = seen.pop("features"), seen.pop("counts")
        if scan is None:
            scan = RoomScan(reference=features, first=counts, most=counts, persons=seen["person_count"])
        else:
            _add(scan, counts, seen["person_count"], seen["similarity"])
        scan.at = time.time()
        async with turn.storing:
            if turn.deleted:
                raise ScanExpired("The session of this room scan has just been deleted.")
            await self._store(session_id, scan_id, scan)
        told = {"scan_id": scan_id, "reference_stored": features is not None, "frames": scan.frames}
        return Stepped(seen | told | {"new_objects": _beyond(counts, scan.first)}, worker_id)

    async def _end(self, session_id: str, scan_id: str) -> dict[str, Any]:
        scan = await self._find(session_id, scan_id)
        if scan is None:
            raise ScanExpired("There is no such room scan, or none any more.")
        await self._remove(session_id, [scan_id])
        return {"scan_id": scan_id, "complete": True, "result": _summary(scan)}

    async def _store(self, session_id: str, scan_id: str, scan: RoomScan) -> None:
        key = keys.room_scans(session_id)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(key, scan_id, msgspec.msgpack.encode(scan))
            pipe.expire(key, TTL_S)
            await pipe.execute()

    async def _remove(self, session_id: str, scan_ids: Iterable[str]) -> None:
        await self._redis.hdel(keys.room_scans(session_id), *scan_ids)
        self._erasure.needed()

    async def _find(self, session_id: str, scan_id: str) -> RoomScan | None:
        """The scan, if it is under way."""
        if time.monotonic() >= self._swept.get(session_id, -math.inf) + SWEEP_EVERY_S:
            return (await self._sweep(session_id)).get(scan_id)
        body = await cast(Awaitable[bytes | None], self._redis.hget(keys.room_scans(session_id), scan_id))
        if body is None:
            return None
        scan = _scan(body)
        if scan is None or _is_left(scan):
            return (await self._sweep(session_id)).get(scan_id)
        return scan

    async def _sweep(self, session_id: str) -> dict[str, RoomScan]:
        """The session's scans; those that nothing came for are removed, those that are none set aside."""
        self._swept[session_id] = time.monotonic()
        self._swept.move_to_end(session_id)
        if len(self._swept) > MOST_REMEMBERED:
            self._swept.popitem(last=False)
        key = keys.room_scans(session_id)
        kept = await cast(Awaitable[dict[bytes, bytes]], self._redis.hgetall(key))
        found = {scan_id: _scan(body) if is_text(scan_id) else None for scan_id, body in kept.items()}
        bad = [(session_id.encode(), each, kept[each]) for each, scan in found.items() if scan is None]
        await self._unreadable.set_aside("room scan", key, bad)
        scans = {scan_id.decode(): scan for scan_id, scan in found.items() if scan is not None}
        if left := [each for each, scan in scans.items() if _is_left(scan)]:
            await self._remove(session_id, left)
        return {scan_id: scan for scan_id, scan in scans.items() if scan_id not in left}


def _is_left(scan: RoomScan) -> bool:
    """Whether nothing came for it any more."""
    return scan.at < time.time() - TTL_S


def _scan(body: bytes) -> RoomScan | None:
    try:
        return msgspec.msgpack.decode(body, type=RoomScan)
    except UNDECODABLE:
        return None


def _add(scan: RoomScan, counts: dict[str, int], persons: int, similarity: float) -> None:
    scan.frames += 1
    scan.most = dict(Counter(scan.most) | Counter(counts))
    scan.persons = max(scan.persons, persons)
    scan.newest = similarity
    scan.lowest = similarity if scan.lowest is None else min(scan.lowest, similarity)


def _beyond(counts: dict[str, int], first: dict[str, int]) -> dict[str, int]:
    """Objects by label that the first frame did not have."""
    return dict(Counter(counts) - Counter(first))


def _summary(scan: RoomScan) -> dict[str, Any]:
    """What was seen over all frames; of each kind of object as many as in the frame with most of it."""
    return {
        "frames": scan.frames,
        "objects": scan.most,
        "person_count": scan.persons,
        "new_objects": _beyond(scan.most, scan.first),
        "similarity": {"lowest": scan.lowest, "last": scan.newest},
    }
