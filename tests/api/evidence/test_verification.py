"""Whatever is done to records in Redis or to files on disk is named, and which one it was done to."""

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
from redis.asyncio import Redis

from argusd.api.evidence.chain import chain_of, hash_of, sealed
from argusd.api.evidence.evidence_store import EvidenceStore
from argusd.api.evidence.verification import verified
from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.evidence.records import Clip, Evidence, Part, Snapshot, file_of

from .test_chain import PHONE

RECORDS = keys.evidence("s1")


class Kept:
    """Three finished pieces of evidence of one session, with their files, and what events told of them."""

    def __init__(self, redis: Redis, state_dir: Path) -> None:
        self.redis = redis
        self.state_dir = state_dir
        self.chain: list[Evidence] = []
        for number in range(3):
            made = self._made(f"{number:032x}")
            self.chain.append(sealed(made, self.chain[-1] if self.chain else None))

    def path(self, number: int, part: Part) -> Path:
        return file_of(self.state_dir, "s1", self.chain[number].evidence_id, part)

    async def put(self, number: int, record: Evidence) -> None:
        """Have this record lie in that one's place."""
        place = self.chain[number].evidence_id
        await self.redis.hset(RECORDS, place, msgspec.json.encode(record).decode())

    async def drop(self, number: int) -> None:
        await self.redis.hdel(RECORDS, self.chain[number].evidence_id)

    async def broken(self) -> dict[int, str]:
        """What is found to be wrong, by the number of the record."""
        told = {each.evidence_id: each.hash for each in self.chain}
        found = chain_of(await EvidenceStore(self.redis).of_session("s1"))
        view = await verified(found, told, self.state_dir, None)
        assert view.intact is not bool(view.broken)
        return {int(each.evidence_id, 16): each.reason for each in view.broken}

    def _made(self, evidence_id: str) -> Evidence:
        hashes: dict[Part, str] = {}
        parts: tuple[Part, ...] = ("snapshot", "clip")
        for part in parts:
            path = file_of(self.state_dir, "s1", evidence_id, part)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(f"{part} of {evidence_id}".encode())
            hashes[part] = hashlib.sha256(path.read_bytes()).hexdigest()
        return Evidence(
            evidence_id=evidence_id,
            session_id="s1",
            state="ready",
            created_at=1_700_000_000.0 + int(evidence_id, 16),
            violation=PHONE,
            policy_version=1,
            policy={},
            snapshot=Snapshot(hashes["snapshot"], 9, 640, 360, 1_700_000_000.0, 12.5),
            clip=Clip(hashes["clip"], 9, 1_700_000_000.0, 8.0, 64, has_sound=True),
        )


async def stored(redis: Redis, state_dir: Path) -> Kept:
    """All of it as it was made, in the place of what was there before."""
    kept = Kept(redis, state_dir)
    for number, record in enumerate(kept.chain):
        await kept.put(number, record)
    return kept


async def flip_a_byte_of_a_snapshot(kept: Kept) -> None:
    flip(kept.path(1, "snapshot"))


async def flip_a_byte_of_a_clip(kept: Kept) -> None:
    flip(kept.path(1, "clip"))


async def remove_a_clip(kept: Kept) -> None:
    kept.path(1, "clip").unlink()


async def swap_two_snapshots(kept: Kept) -> None:
    one, other = kept.path(0, "snapshot"), kept.path(1, "snapshot")
    before = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(before)


async def change_a_record(kept: Kept) -> None:
    await kept.put(1, msgspec.structs.replace(kept.chain[1], policy_version=2))


async def forge_a_record(kept: Kept) -> None:
    forged = msgspec.structs.replace(kept.chain[1], policy_version=2)
    await kept.put(1, msgspec.structs.replace(forged, hash=hash_of(forged)))


async def drop_a_record(kept: Kept) -> None:
    await kept.drop(1)


async def drop_the_newest(kept: Kept) -> None:
    await kept.drop(2)


async def swap_two_records(kept: Kept) -> None:
    await kept.put(0, kept.chain[1])
    await kept.put(1, kept.chain[0])


async def swap_the_order_of_two(kept: Kept) -> None:
    for number, position in ((0, 2), (1, 1)):
        await kept.put(number, msgspec.structs.replace(kept.chain[number], position=position))


def flip(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


BEHIND_IT = "the one before it is missing, or was changed"


TAMPERINGS: dict[Callable[[Kept], Awaitable[Any]], dict[int, str]] = {
    flip_a_byte_of_a_snapshot: {1: "its snapshot was changed"},
    flip_a_byte_of_a_clip: {1: "its clip was changed"},
    remove_a_clip: {1: "its clip is missing"},
    swap_two_snapshots: dict.fromkeys((0, 1), "its snapshot was changed"),
    change_a_record: {1: "its record was changed"},
    forge_a_record: {1: "its record was changed since its hash was told", 2: BEHIND_IT},
    drop_a_record: {1: "its record is missing", 2: BEHIND_IT},
    drop_the_newest: {2: "its record is missing"},
    swap_two_records: {**dict.fromkeys((0, 1), "its record is missing"), 2: BEHIND_IT},
    swap_the_order_of_two: {**dict.fromkeys((0, 1), "its record was changed"), 2: BEHIND_IT},
}


async def test_what_was_done_is_named(redis: Redis, tmp_path: Path) -> None:
    for tamper, broken in TAMPERINGS.items():
        kept = await stored(redis, tmp_path)
        assert await kept.broken() == {}
        await tamper(kept)
        assert await kept.broken() == broken, tamper.__name__
