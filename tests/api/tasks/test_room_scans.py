"""Room scans over HTTP, with real Redis and a scheduler that is a fake."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from redis.asyncio import Redis

from argusd.api.events.redis_store import connect
from argusd.api.store.erasure import Erasure
from argusd.api.store.unreadable import Unreadable
from argusd.api.tasks.room_scans import RoomScan, RoomScans
from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.errors import ScanExpired
from argusd.scheduler.contract.messages import TaskDone, TaskFailed, TaskRequest
from argusd.scheduler.contract.tasks.rooms import RoomScanFrame, VideoRoomScan

from ...waiting import answered
from ..fake_task_scheduler import FakeTaskScheduler
from ..fixtures import RunningApi, make_config

FRAME = "/video/room-scan/frame"
COMPLETE = "/video/room-scan/complete"


def look(request: TaskRequest) -> TaskDone:
    """A frame's bytes are the labels of what is in it; its corners are its own bytes."""
    frame = msgspec.msgpack.decode(request.payload, type=RoomScanFrame)
    labels = frame.frame_b64.decode().split()
    alike = len(set(labels) & set(frame.reference.decode().split())) / max(1, len(labels))
    result = {
        "objects": [{"label": label, "score": 0.9, "box": [0, 0, 1, 1]} for label in labels],
        "person_count": labels.count("person"),
        "counts": {label: labels.count(label) for label in labels},
        "features": None if frame.reference else frame.frame_b64,
        "similarity": alike if frame.reference else None,
        "same_place": alike > 0.5 if frame.reference else None,
    }
    return TaskDone(request.request, result, {"object_detector": "fake"}, 0.001)


class Scanner:
    """A caller who scans rooms."""

    def __init__(self, api: RunningApi, scheduler: FakeTaskScheduler) -> None:
        self.api, self.scheduler = api, scheduler

    async def frame(self, scan_id: str, labels: str, session_id: str = "s") -> tuple[int, dict[str, Any]]:
        image = base64.b64encode(labels.encode()).decode()
        body = {"session_id": session_id, "scan_id": scan_id, "frame_b64": image}
        return await self.api.json("POST", FRAME, json=body)

    async def complete(self, scan_id: str, session_id: str = "s") -> tuple[int, dict[str, Any]]:
        return await self.api.json("POST", COMPLETE, json={"session_id": session_id, "scan_id": scan_id})


@pytest.fixture
async def scanner(tmp_path: Path) -> AsyncIterator[Scanner]:
    scheduler = FakeTaskScheduler(tmp_path, "scheduler-0", look)
    try:
        async with RunningApi(make_config(tmp_path)) as api:
            scanner = Scanner(api, scheduler)
            await answered(lambda: scanner.frame("warm-up", "door"), lambda answer: answer[0] == 200)
            yield scanner
    finally:
        scheduler.die()


async def test_a_scan_from_its_first_frame_to_its_end(scanner: Scanner) -> None:
    status, first = await scanner.frame("desk", "laptop chair")
    assert status == 200
    assert first["worker_id"] == "scheduler-0"
    assert first["result"] == {
        "objects": [
            {"label": "laptop", "score": 0.9, "box": [0, 0, 1, 1]},
            {"label": "chair", "score": 0.9, "box": [0, 0, 1, 1]},
        ],
        "person_count": 0,
        "similarity": None,
        "same_place": None,
        "models": {"object_detector": "fake"},
        "scan_id": "desk",
        "reference_stored": True,
        "frames": 1,
        "new_objects": {},
    }
    _, second = await scanner.frame("desk", "laptop person person")
    assert second["result"]["reference_stored"] is False
    assert second["result"]["new_objects"] == {"person": 2}
    assert second["result"]["similarity"] == pytest.approx(1 / 3)
    await scanner.frame("desk", "laptop chair chair")

    status, end = await scanner.complete("desk")
    assert (status, end["worker_id"]) == (200, "api")
    assert end["result"] == {
        "scan_id": "desk",
        "complete": True,
        "result": {
            "frames": 3,
            "objects": {"laptop": 1, "chair": 2, "person": 2},
            "person_count": 2,
            "new_objects": {"chair": 1, "person": 2},
            "similarity": {"lowest": pytest.approx(1 / 3), "last": pytest.approx(2 / 3)},
        },
    }


async def test_a_scan_that_is_over_or_never_was(scanner: Scanner) -> None:
    await scanner.frame("desk", "laptop")
    assert (await scanner.complete("desk"))[0] == 200
    for scan_id in ("desk", "never"):
        status, answer = await scanner.complete(scan_id)
        assert (status, answer["error_code"], answer["success"]) == (404, "scan_expired", False)


async def test_scans_of_different_sessions_do_not_mix(scanner: Scanner) -> None:
    await scanner.frame("desk", "laptop", session_id="one")
    _, other = await scanner.frame("desk", "bed", session_id="two")
    assert other["result"]["reference_stored"] is True
    assert (await scanner.complete("desk", session_id="three"))[0] == 404


async def test_frames_at_the_same_time_are_all_counted(scanner: Scanner) -> None:
    answers = await asyncio.gather(*(scanner.frame("desk", "laptop") for _ in range(8)))
    assert [answer["result"]["reference_stored"] for _, answer in answers].count(True) == 1
    _, end = await scanner.complete("desk")
    assert end["result"]["result"]["frames"] == 8


async def test_a_frame_and_the_end_exclude_each_other(scanner: Scanner) -> None:
    for payload in ({"scan_id": "a"}, {"scan_id": "a", "complete": True, "frame_b64": "aGk="}):
        body = {"session_id": "s", "task_type": "video_room_scan", "payload": payload}
        status, answer = await scanner.api.json("POST", "/ml/infer", json=body)
        assert (status, answer["error_code"]) == (422, "invalid_field")
        assert "frame_b64" in answer["error"]


async def test_a_frame_that_fails_leaves_the_scan_as_it_was(scanner: Scanner) -> None:
    await scanner.frame("desk", "laptop")
    scanner.scheduler.answer = lambda request: TaskFailed(request.request, "bad_image", "No picture.")
    status, answer = await scanner.frame("desk", "chair")
    assert (status, answer["error_code"]) == (422, "bad_image")
    _, end = await scanner.complete("desk")
    assert end["result"]["result"]["frames"] == 1


async def test_what_is_kept_expires(scanner: Scanner, monkeypatch: pytest.MonkeyPatch) -> None:
    await scanner.frame("desk", "laptop")
    redis = connect(scanner.api.config.state_dir / "redis" / "redis.sock", 1.0)
    async with contextlib.aclosing(redis):
        assert 850 < await redis.ttl(keys.room_scans("s")) <= 900
        await scanner.frame("shelf", "books")
        monkeypatch.setattr("argusd.api.tasks.room_scans.TTL_S", -1)
        assert (await scanner.complete("desk"))[0] == 404
        assert await redis.exists(keys.room_scans("s")) == 0


async def test_a_frame_reads_its_own_scan_alone(scanner: Scanner) -> None:
    redis = connect(scanner.api.config.state_dir / "redis" / "redis.sock", 1.0)
    async with contextlib.aclosing(redis):
        await scanner.frame("desk", "laptop")
        before = (await redis.info("commandstats"))["cmdstat_hgetall"]["calls"]
        await scanner.frame("shelf", "books")
        _, second = await scanner.frame("desk", "laptop")
        assert second["result"]["frames"] == 2
        assert (await redis.info("commandstats"))["cmdstat_hgetall"]["calls"] == before


async def test_a_scan_that_nothing_came_for_goes_while_another_goes_on(
    scanner: Scanner, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis = connect(scanner.api.config.state_dir / "redis" / "redis.sock", 1.0)
    async with contextlib.aclosing(redis):
        await scanner.frame("desk", "laptop")
        scan = msgspec.msgpack.decode(
            await cast(Any, redis.hget(keys.room_scans("s"), "desk")), type=RoomScan
        )
        left = msgspec.msgpack.encode(msgspec.structs.replace(scan, at=scan.at - 901))
        await cast(Any, redis.hset(keys.room_scans("s"), "desk", left))
        monkeypatch.setattr("argusd.api.tasks.room_scans.SWEEP_EVERY_S", 0.0)
        await scanner.frame("shelf", "books")
        assert sorted(await cast(Any, redis.hkeys(keys.room_scans("s")))) == [b"shelf", b"warm-up"]


async def test_a_scan_that_cannot_be_read_begins_anew(scanner: Scanner) -> None:
    redis = connect(scanner.api.config.state_dir / "redis" / "redis.sock", 1.0)
    async with contextlib.aclosing(redis):
        await cast(Any, redis.hset(keys.room_scans("s"), "desk", "\x00"))
        _, first = await scanner.frame("desk", "laptop")
        assert first["result"]["frames"] == 1
        assert await cast(Any, redis.hgetall(keys.unreadable("s"))) == {
            b"ml:session:s:roomscans desk": b"\x00"
        }


async def test_a_scan_under_an_id_that_is_no_text_is_set_aside(scanner: Scanner) -> None:
    await scanner.frame("desk", "laptop")
    redis = connect(scanner.api.config.state_dir / "redis" / "redis.sock", 1.0)
    async with contextlib.aclosing(redis):
        scan = await cast(Any, redis.hget(keys.room_scans("s"), "desk"))
        await cast(Any, redis.hset(keys.room_scans("t"), cast(str, b"\xff"), scan))
        assert (await scanner.frame("desk", "laptop", session_id="t"))[0] == 200
        assert await cast(Any, redis.hkeys(keys.room_scans("t"))) == [b"desk"]


async def test_ids_that_share_letters_share_no_scan(scanner: Scanner) -> None:
    await scanner.frame("b:c", "laptop", session_id="a")
    _, other = await scanner.frame("c", "bed", session_id="a:b")
    assert other["result"]["reference_stored"] is True


async def test_a_frame_that_is_looked_at_while_its_session_is_deleted_is_not_stored(scanner: Scanner) -> None:
    await scanner.frame("desk", "laptop")
    asked = len(scanner.scheduler.asked)
    scanner.scheduler.answer = lambda _: None
    framed = asyncio.create_task(scanner.frame("desk", "chair"))
    await scanner.scheduler.until(lambda: len(scanner.scheduler.asked) > asked)
    assert (await scanner.api.json("DELETE", "/sessions/s"))[0] == 204
    scanner.scheduler.reply(look(scanner.scheduler.asked[-1]))
    status, body = await framed
    assert (status, body["error_code"]) == (404, "scan_expired")
    assert (await scanner.complete("desk"))[0] == 404


async def test_of_a_deleted_session_no_scan_is_stored_that_is_looked_at_or_stored_just_now(
    redis: Redis,
) -> None:
    storing, may_store, looking, may_look = (asyncio.Event() for _ in range(4))

    class SlowlyStored(RoomScans):
        async def _store(self, session_id: str, scan_id: str, scan: RoomScan) -> None:
            if scan_id == "desk":
                storing.set()
                await may_store.wait()
            await super()._store(session_id, scan_id, scan)

    async def at_once(frame: RoomScanFrame) -> tuple[dict[str, Any], str]:
        return {"features": frame.frame_b64, "counts": {}, "person_count": 0}, "scheduler-0"

    async def slowly(frame: RoomScanFrame) -> tuple[dict[str, Any], str]:
        looking.set()
        await may_look.wait()
        return await at_once(frame)

    scans = SlowlyStored(redis, Unreadable(redis, 600), Erasure(redis, None, 600))
    desk = asyncio.create_task(scans.step("s", VideoRoomScan(scan_id="desk", frame_b64=b"1"), at_once))
    shelf = asyncio.create_task(scans.step("s", VideoRoomScan(scan_id="shelf", frame_b64=b"1"), slowly))
    await storing.wait()
    await looking.wait()
    forgotten = asyncio.create_task(scans.forget("s"))
    await asyncio.sleep(0)
    may_look.set()
    with pytest.raises(ScanExpired):
        await shelf
    may_store.set()
    await desk
    await forgotten
