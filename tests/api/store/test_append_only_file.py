"""What a power cut does to the file of the embedded Redis, and what is left of it; with the real server."""

import asyncio
import contextlib
import logging
import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest
from redis.asyncio import Redis

from argusd.api.events.redis_store import connect
from argusd.api.store.append_only_file import MOST_KEPT, AppendOnlyFile
from argusd.api.store.embedded_redis import EmbeddedRedis
from argusd.api.store.erasure import rewriting

from ...waiting import answered, until

KEYS = 20
Damage = Callable[[Path], object]


@contextlib.asynccontextmanager
async def running(directory: Path) -> AsyncIterator[tuple[EmbeddedRedis, Redis]]:
    server = EmbeddedRedis(directory)
    await server.start()
    await server.running.wait()
    redis = connect(server.socket, 5.0)
    try:
        yield server, redis
    finally:
        await redis.aclose()
        await server.stop()


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What is in the file of a server that rewrote it, took more writes and ended."""
    directory = tmp_path_factory.mktemp("store")

    async def write() -> None:
        async with running(directory) as (_, redis):
            for number in range(KEYS // 2):
                await redis.set(f"ml:{number}", "x" * 100)
            await redis.bgrewriteaof()
            await answered(partial(redis.info, "persistence"), lambda about: not rewriting(about))
            for number in range(KEYS // 2, KEYS):
                await redis.set(f"ml:{number}", "x" * 100)

    asyncio.run(write())
    return (directory / "appendonly.aof").read_bytes()


@pytest.fixture
def file(tmp_path: Path, content: bytes) -> Path:
    file = tmp_path / "appendonly.aof"
    file.write_bytes(content)
    return file


def append(data: bytes) -> Damage:
    def damage(file: Path) -> None:
        with file.open("ab") as end:
            end.write(data)

    return damage


def overwrite(place: float, data: bytes) -> Damage:
    """Write over what stands there; ``place``: 0 is the begin, 1 the end."""

    def damage(file: Path) -> None:
        content = bytearray(file.read_bytes())
        at = int(place * len(content))
        content[at : at + len(data)] = data
        file.write_bytes(content)

    return damage


def shorten(part: float) -> Damage:
    return lambda file: file.write_bytes(file.read_bytes()[: int(part * file.stat().st_size)])


SET = b"*3\r\n$3\r\nSET\r\n$4\r\nml:x\r\n$1\r\n1\r\n"
ENDS = {
    "zeroes": (append(bytes(4096)), KEYS),
    "garbage": (append(bytes(range(256))), KEYS),
    "a command cut short": (append(b"*3\r\n$3\r\nSET\r\n$4\r\nml:"), KEYS),
    "a transaction cut short": (
        append(b"*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$4\r\nml:x\r\n$1\r\n1\r\n"),
        KEYS,
    ),
    "half a disk page of zeroes": (append(b"*3\r\n$3\r\nSET\r\n" + bytes(500)), KEYS),
    "cut among its last commands": (shorten(0.97), KEYS - 1),
    "damaged among its commands": (overwrite(0.8, bytes(150)), 15),
    "damaged near its begin": (overwrite(0.1, bytes(150)), 1),
    "most of it cut off": (shorten(0.3), 5),
}
BEYOND_REPAIR = {
    "zeroes only": lambda file: file.write_bytes(bytes(9000)),
    "garbage only": lambda file: file.write_bytes(bytes(range(1, 256)) * 20),
    "a damaged snapshot of an earlier argusd": lambda file: file.write_bytes(b"REDIS0009" + bytes(600)),
    "a command that no server knows": append(b"*1\r\n$7\r\nUNHEARD\r\n"),
    "a folder": lambda file: (file.unlink(), file.mkdir()),
}


@pytest.mark.parametrize(("damage", "left"), ENDS.values(), ids=ENDS.keys())
async def test_a_damaged_end_is_cut_off_told_and_kept(
    file: Path, damage: Damage, left: int, caplog: pytest.LogCaptureFixture
) -> None:
    damage(file)
    damaged = file.read_bytes()  # noqa: ASYNC240 - nobody waits
    async with running(file.parent) as (server, redis):
        assert await redis.dbsize() == left
        assert await redis.set("ml:new", 1)
        assert (server.repairs, server.trouble, server.file.lost) == ({"cut": 1}, "", False)
        (copy,) = server.file.damaged()
        assert copy.read_bytes() == damaged
    (told,) = [each.getMessage() for each in caplog.records if "damaged" in each.message]
    assert told.startswith("the embedded Redis' file was damaged")
    assert str(copy) in told


@pytest.mark.parametrize("damage", BEYOND_REPAIR.values(), ids=BEYOND_REPAIR.keys())
async def test_what_is_beyond_repair_is_set_aside_and_told(
    file: Path, damage: Damage, caplog: pytest.LogCaptureFixture
) -> None:
    damage(file)
    async with running(file.parent) as (server, redis):
        assert await redis.dbsize() == 0
        assert await redis.set("ml:new", 1)
        assert (server.repairs, server.trouble, server.file.lost) == ({"lost": 1}, "", True)
        (kept,) = server.file.damaged()
    assert any(
        "neither loaded nor mended" in each.message and str(kept) in each.message for each in caplog.records
    )
    async with running(file.parent) as (server, redis):
        assert await redis.dbsize() == 1
        assert server.file.lost, "as long as it is kept"


async def test_a_sound_file_is_loaded_and_nothing_said(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with running(file.parent) as (server, redis):
        assert await redis.dbsize() == KEYS
        assert (server.repairs, server.file.damaged()) == ({}, [])
    assert caplog.records == []


@pytest.mark.parametrize("leave", [Path.unlink, lambda file: file.write_bytes(b"")], ids=["gone", "empty"])
async def test_without_a_file_the_server_begins_with_nothing(file: Path, leave: Damage) -> None:
    leave(file)
    async with running(file.parent) as (server, redis):
        assert await redis.dbsize() == 0
        assert server.repairs == {}


async def test_of_damaged_files_the_last_few_are_kept(file: Path) -> None:
    for _ in range(MOST_KEPT + 1):
        append(bytes(64))(file)
        async with running(file.parent) as (server, _):
            assert server.repairs == {"cut": 1}
    assert len(server.file.damaged()) == MOST_KEPT
    server.file.forget_damaged()
    assert server.file.damaged() == []


async def test_what_a_killed_rewrite_left_is_removed(file: Path) -> None:
    left = [file.parent / name for name in ("temp-rewriteaof-7.aof", "temp-rewriteaof-bg-8.aof")]
    shutil.copy(file, left[0])
    async with running(file.parent) as (server, redis):
        assert await redis.dbsize() == KEYS
        assert not left[0].exists()
        shutil.copy(file, left[1])
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        await until(lambda: not left[1].exists())


def test_since_redis_7_it_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "appendonlydir").mkdir()
    (tmp_path / "appendonlydir" / "appendonly.aof.1.incr.aof").write_bytes(b"12345")
    file = AppendOnlyFile(tmp_path)
    assert (file.path, file.size) == (tmp_path / "appendonlydir", 5)
    kept = file.set_aside()
    assert kept is not None
    assert (file.size, file.lost) == (0, True)
    file.put_back(kept)
    assert (file.size, file.lost) == (5, False)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
async def test_a_file_whose_permissions_are_wrong_is_loaded_all_the_same(file: Path) -> None:
    file.chmod(0)  # noqa: ASYNC240 - nobody waits
    async with running(file.parent) as (server, redis):
        assert await redis.dbsize() == KEYS
        assert server.repairs == {}
