"""Room scans: the first frame is the reference, later ones are compared with it, the end sums them up.

What is known of a scan lies in Redis under its session, until it is complete or nothing came for an hour.
Frames of one scan are looked at one after the other, as each needs what the one before left.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, cast
from weakref import WeakValueDictionary

import msgspec
from redis.asyncio import Redis

from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.errors import InvalidField, ScanExpired, StoreUnavailable
from argusd.scheduler.contract.tasks.rooms import RoomScanFrame, VideoRoomScan

from ..events.redis_store import STORE_ERRORS

TTL_S = 3600


class RoomScan(msgspec.Struct, kw_only=True):
    """One scan so far. ``reference``: the first frame's packed corners. ``first``, ``most``: objects by label
    in the first frame, and at most in any. ``similarity``: of every later frame, lowest and newest."""

    reference: bytes
    first: dict[str, int]
    most: dict[str, int]
    frames: int = 1
    persons: int = 0
    lowest: float | None = None
    newest: float | None = None


class Stepped(NamedTuple):
    """The result of a frame or of the end, and who looked (None: nobody had to)."""

    result: dict[str, Any]
    worker_id: str | None


Look = Callable[[RoomScanFrame], Awaitable[tuple[dict[str, Any], str]]]


class RoomScans:
    """All scans under way."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def step(self, session_id: str, asked: VideoRoomScan, look: Look) -> Stepped:
        """Take a frame in, or end the scan. ``look`` has a scheduler look at a frame.

        Raises:
            InvalidField: neither a frame nor the end came, or both.
            ScanExpired: a scan that is not there is to end.
            StoreUnavailable: Redis is away.
            ServiceError: what ``look`` raises.
        """
        if asked.complete == (asked.frame_b64 is not None):
            raise InvalidField(
                "The field frame_b64 is needed, unless complete is true; then it has no place."
            )
        key = keys.room_scan(session_id, asked.scan_id)
        async with self._turns.setdefault(key, asyncio.Lock()):
            try:
                if asked.frame_b64 is None:
                    return Stepped(await self._end(key, asked.scan_id), None)
                return await self._frame(key, asked.scan_id, asked.frame_b64, look)
            except STORE_ERRORS as error:
                raise StoreUnavailable("The store is away; try again in a moment.") from error

    async def _frame(self, key: str, scan_id: str, frame: bytes, look: Look) -> Stepped:
        scan = await self._load(key)
        seen, worker_id = await look(
            RoomScanFrame(frame_b64=frame, reference=scan.reference if scan else b"")
        )
        features, counts = seen.pop("features"), seen.pop("counts")
        if scan is None:
            scan = RoomScan(reference=features, first=counts, most=counts, persons=seen["person_count"])
        else:
            _add(scan, counts, seen["person_count"], seen["similarity"])
        await self._redis.set(key, msgspec.msgpack.encode(scan), ex=TTL_S)
        told = {"scan_id": scan_id, "reference_stored": features is not None, "frames": scan.frames}
        return Stepped(seen | told | {"new_objects": _beyond(counts, scan.first)}, worker_id)

    async def _end(self, key: str, scan_id: str) -> dict[str, Any]:
        scan = await self._load(key)
        if scan is None:
            raise ScanExpired("There is no such room scan, or none any more.")
        await self._redis.delete(key)
        return {"scan_id": scan_id, "complete": True, "result": _summary(scan)}

    async def _load(self, key: str) -> RoomScan | None:
        kept = cast(bytes | None, await self._redis.get(key))
        return None if kept is None else msgspec.msgpack.decode(kept, type=RoomScan)


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
