import asyncio
import os
import signal
from pathlib import Path

import pytest
from redis.exceptions import NoPermissionError

from argusd.api.errors import RedisNotStarted
from argusd.api.events.redis_store import connect, wait_until_up
from argusd.api.store.embedded_redis import EmbeddedRedis, restart_after_s
from argusd.api.store.redis_process import find_server


async def test_the_server_comes_with_the_installation() -> None:
    process = await asyncio.create_subprocess_exec(find_server(), "--version", stdout=asyncio.subprocess.PIPE)
    told, _ = await process.communicate()
    assert told.startswith(b"Redis server v=")


def test_a_server_that_never_comes_up_is_started_again_for_as_long_as_it_takes() -> None:
    waits = [restart_after_s(early_ends) for early_ends in range(2_000)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (0.2, 6.4)


async def test_what_was_written_survives_stop_and_kill_whatever_its_folder_is_called(tmp_path: Path) -> None:
    folder = tmp_path / 'a "b\\ \n#ö'
    for number in range(3):
        server = EmbeddedRedis(folder)
        await server.start()
        redis = connect(server.socket, 5.0)
        await wait_until_up(redis)
        assert await redis.get("ml:key") == (str(number).encode() if number else None)
        await redis.set("ml:key", number + 1)
        if number == 1:
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
            await wait_until_up(redis)
            assert await redis.get("ml:key") == b"2"
        await redis.aclose()
        await server.stop()


async def test_only_our_user_may_reach_it(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path / "redis")
    await server.start()
    redis = connect(server.socket, 5.0)
    await wait_until_up(redis)
    assert server.socket.stat().st_mode & 0o077 == 0
    assert server.socket.parent.stat().st_mode & 0o077 == 0
    await redis.aclose()
    await server.stop()


@pytest.mark.parametrize(
    "command", ["EVAL return(1) 0", "CONFIG GET dir", "FLUSHALL", "SHUTDOWN", "GET elsewhere", "KEYS *"]
)
async def test_only_our_keys_may_be_read_and_written(tmp_path: Path, command: str) -> None:
    server = EmbeddedRedis(tmp_path)
    await server.start()
    redis = connect(server.socket, 5.0)
    await wait_until_up(redis)
    with pytest.raises(NoPermissionError):
        await redis.execute_command(*command.split())  # type: ignore[no-untyped-call]
    await redis.aclose()
    await server.stop()


async def test_a_directory_in_use_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("argusd.api.store.embedded_redis.LOCK_WAIT_S", 0.1)
    first, second = EmbeddedRedis(tmp_path), EmbeddedRedis(tmp_path)
    await first.start()
    with pytest.raises(RedisNotStarted, match="in use by another argusd"):
        await second.start()
    await first.stop()
    await second.start()
    await second.stop()


async def test_a_path_too_long_for_a_socket_is_named(tmp_path: Path) -> None:
    with pytest.raises(RedisNotStarted, match="shorter state_dir"):
        await EmbeddedRedis(tmp_path / ("x" * 100)).start()


async def test_a_configured_redis_that_is_not_there_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argusd.api.events.redis_store.FIRST_ANSWER_S", 0.1)
    redis = connect(f"unix://{tmp_path}/none.sock", 0.1)
    with pytest.raises(RedisNotStarted, match=r"check api\.redis_url"):
        await wait_until_up(redis)
    await redis.aclose()
