"""What is deleted or expired is in no file of the state directory any more."""

import asyncio
import base64
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from argusd.api.events.history import History
from argusd.api.events.redis_store import connect
from argusd.api.sessions.registry import Registry
from argusd.api.store.embedded_redis import EmbeddedRedis
from argusd.api.store.erasure import Erasure
from argusd.scheduler.contract import redis_keys as keys

from ...waiting import LONGEST_S, answered
from ..fake_task_scheduler import FakeTaskScheduler
from ..fixtures import RunningApi, make_config, running_rig
from ..tasks.test_room_scans import FRAME, look

FACE = b"canary-face-embedding" * 8
VOICE = b"canary-voice-embedding" * 8
ROOM = b"canary-things canary-in canary-a-room"
CANARIES = {"face": base64.b64encode(FACE), "voice": base64.b64encode(VOICE), "room": ROOM}
REFERENCES = {
    "identity": {"reference_embedding_b64": CANARIES["face"].decode()},
    "second_speaker": {"reference_embedding_b64": CANARIES["voice"].decode()},
}


class Person:
    """A caller whose session holds who somebody is; ``folder`` is where the daemon keeps that."""

    def __init__(self, api: RunningApi) -> None:
        self.api = api
        self.folder = api.config.state_dir

    async def come(self, session_id: str = "s1") -> None:
        """Open a session with references, and have a room scanned in it."""
        assert (await self.api.json("PUT", f"/sessions/{session_id}", json={"policy": REFERENCES}))[0] == 201
        await self.scan(session_id)

    async def scan(self, session_id: str) -> None:
        body = {"session_id": session_id, "scan_id": "desk", "frame_b64": base64.b64encode(ROOM).decode()}
        await answered(lambda: self.api.json("POST", FRAME, json=body), lambda answer: answer[0] == 200)

    async def leave(self, session_id: str = "s1") -> int:
        return (await self.api.json("DELETE", f"/sessions/{session_id}"))[0]

    def found(self, *more: bytes) -> set[str]:
        """What of the person lies in some file."""
        files = [path.read_bytes() for path in self.folder.rglob("*") if path.is_file()]
        wanted = CANARIES | {word.decode(): word for word in more}
        return {name for name, canary in wanted.items() if any(canary in file for file in files)}

    async def gone(self) -> None:
        async def look_again() -> set[str]:
            return self.found()

        await answered(look_again, lambda found: not found)


@pytest.fixture
async def scheduler(tmp_path: Path) -> AsyncIterator[FakeTaskScheduler]:
    scheduler = FakeTaskScheduler(tmp_path, "scheduler-0", look)
    yield scheduler
    scheduler.die()


@pytest.fixture
async def person(tmp_path: Path, scheduler: FakeTaskScheduler) -> AsyncIterator[Person]:
    async with RunningApi(make_config(tmp_path)) as api:
        yield Person(api)


async def test_nothing_of_a_deleted_session_is_on_disk(person: Person) -> None:
    await person.come("stays")
    await person.come("s1")
    assert person.found() == {"face", "voice", "room"}
    assert await person.leave("stays") == 204
    assert await person.leave("s1") == 204
    assert person.found() == set()
    assert await person.leave("s1") == 404


async def test_nobody_else_is_erased(person: Person) -> None:
    await person.come("s1")
    await person.come("s1:x")
    await person.leave("s1")
    assert (await person.api.json("GET", "/sessions/s1:x"))[0] == 200
    body = {"session_id": "s1:x", "scan_id": "desk"}
    assert (await person.api.json("POST", "/video/room-scan/complete", json=body))[0] == 200


async def test_what_only_tasks_have_left_is_deleted_too(person: Person) -> None:
    await person.scan("never-opened")
    assert person.found() == {"room"}
    assert (await person.api.json("GET", "/sessions/never-opened"))[0] == 404
    assert await person.leave("never-opened") == 204
    assert person.found() == set()


async def test_not_even_its_name_is_left_among_all_events(tmp_path: Path) -> None:
    async with running_rig(tmp_path) as rig:
        name = "canary-of-a-session"
        for session in (name, "s2"):
            await rig.api.publish(session)
            rig.scheduler.find(session)
        await rig.scheduler.until(lambda: rig.scheduler.acked == 2)
        assert Person(rig.api).found(name.encode()) == {name}
        assert (await rig.api.json("DELETE", f"/sessions/{name}"))[0] == 204
        assert Person(rig.api).found(name.encode()) == set()
        async with rig.api.events("/events", "0") as events:
            told: list[str] = []
            missed = 0
            while len(told) < 2 or missed < 2:
                _, kind, data = await events.next()
                if kind == "gap":
                    missed += data["missed"]
                else:
                    told.append(data["session_id"])
        assert (told, missed) == (["s2", "s2"], 2)


async def test_many_that_leave_together_share_the_rewrites(person: Person) -> None:
    names = [f"s{number}" for number in range(40)]
    await asyncio.gather(*(person.come(name) for name in names))
    assert set(await asyncio.gather(*(person.leave(name) for name in names))) == {204}
    assert person.found() == set()


async def test_a_reference_that_is_replaced_is_gone(person: Person) -> None:
    await person.come()
    await person.api.json("POST", "/video/room-scan/complete", json={"session_id": "s1", "scan_id": "desk"})
    assert (await person.api.json("PUT", "/sessions/s1", json={}))[0] == 200
    await person.gone()


async def test_what_has_expired_is_gone(
    tmp_path: Path, scheduler: FakeTaskScheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argusd.api.tasks.room_scans.TTL_S", 1)
    monkeypatch.setattr("argusd.api.store.erasure.EXPIRY_EVERY_S", 0.2)
    async with RunningApi(make_config(tmp_path, retention_s=1)) as api:
        person = Person(api)
        await person.come()
        await person.gone()
        assert (await api.json("GET", "/sessions/s1"))[0] == 404


async def test_the_copy_of_a_damaged_file_goes_with_the_first_session_that_is_deleted(
    tmp_path: Path, scheduler: FakeTaskScheduler
) -> None:
    file = tmp_path / "state" / "redis" / "appendonly.aof"
    async with RunningApi(make_config(tmp_path)) as api:
        await Person(api).come()
    file.write_bytes(file.read_bytes() + bytes(99))
    async with RunningApi(make_config(tmp_path)) as api:
        person = Person(api)
        assert len(list((file.parent / "damaged").iterdir())) == 1
        assert await person.leave() == 204
        assert person.found() == set()
        assert list((file.parent / "damaged").iterdir()) == []


async def test_copies_of_damaged_files_are_kept_no_longer_than_the_retention(
    tmp_path: Path, scheduler: FakeTaskScheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argusd.api.store.erasure.EXPIRY_EVERY_S", 0.1)
    kept = tmp_path / "state" / "redis" / "damaged" / "20261127T120000.000000Z-lost"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(FACE)
    async with RunningApi(make_config(tmp_path, retention_s=1)) as api:
        await api.until("/ready", lambda body: not any("lost" in each for each in body["degraded"]))
        assert not kept.exists()


async def test_records_that_were_set_aside_go_with_their_session(
    person: Person, scheduler: FakeTaskScheduler
) -> None:
    await person.come()
    await person.api.close()
    server = EmbeddedRedis(person.folder / "redis")
    await server.start()
    await server.running.wait()
    redis = connect(server.socket, 5.0)
    await cast(Any, redis.hset(keys.record("s1"), "spec", '{"broken":"' + CANARIES["face"].decode()))
    await redis.aclose()
    await server.stop()
    await person.api.open()
    assert (await person.api.json("GET", "/sessions/s1"))[0] == 404
    assert person.found() == {"face", "voice", "room"}
    assert await person.leave() == 204
    assert person.found() == set()


async def test_a_rewrite_that_a_kill_ended_is_done_again(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path)
    await server.start()
    await server.running.wait()
    redis = connect(server.socket, 1.0)
    erasure = Erasure(redis, server, 600)
    running = asyncio.create_task(erasure.run())
    await redis.set("ml:key", FACE)
    await redis.delete("ml:key")
    done = asyncio.create_task(erasure.done())
    assert server.pid
    os.kill(server.pid, signal.SIGKILL)
    await done
    assert FACE not in (tmp_path / "appendonly.aof").read_bytes()
    running.cancel()
    await redis.aclose()
    await server.stop()


async def test_what_is_asked_for_a_session_while_it_is_deleted_is_for_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argusd.api.sessions.actions.PLACES_WITHIN_S", LONGEST_S)
    erasing, asked = asyncio.Event(), asyncio.Event()
    put = Registry.put

    async def places(*_: object) -> list[int]:
        erasing.set()
        await asked.wait()
        return []

    async def seen(*args: Any) -> Any:
        if erasing.is_set():
            asked.set()
        return await put(*args)

    monkeypatch.setattr(History, "places", places)
    monkeypatch.setattr(Registry, "put", seen)
    async with running_rig(tmp_path) as rig:
        await rig.api.json("PUT", "/sessions/s1", json={"streams": ["audio"]})
        deleting = asyncio.create_task(rig.api.json("DELETE", "/sessions/s1"))
        await erasing.wait()
        assert (await rig.api.json("PUT", "/sessions/s1", json={"streams": ["face"]}))[0] == 201
        assert (await deleting)[0] == 204
        await rig.api.restart()
        assert (await rig.api.json("GET", "/sessions/s1"))[1]["streams"] == ["face"]


async def test_who_publishes_while_the_session_is_deleted_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argusd.api.sessions.actions.PLACES_WITHIN_S", 0.3)
    asked = asyncio.Event()

    async def never(*_: object) -> list[int]:
        asked.set()
        return await asyncio.Future()

    async with running_rig(tmp_path) as rig:
        await rig.api.publish("s1")
        monkeypatch.setattr(History, "places", never)
        deleting = asyncio.create_task(rig.api.json("DELETE", "/sessions/s1"))
        await asked.wait()
        await rig.api.publish("s1")
        assert (await deleting)[0] == 204
        assert (await rig.api.json("GET", "/sessions/s1"))[0] == 200
        await rig.api.restart()
        assert (await rig.api.json("GET", "/sessions/s1"))[0] == 200
