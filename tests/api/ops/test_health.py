from pathlib import Path

import pytest

from argusd.api.workers import task_calls

from ..fakes import FakeScheduler
from ..fixtures import Rig

INGEST = {
    "worker_id": "ingest-0",
    "kind": "ingest",
    "alive": True,
    "ready": True,
    "breaker": None,
    "sessions": 0,
    "tasks": 0,
    "load": 0.0,
    "boot": None,
}
LIVE = INGEST | {"worker_id": "scheduler-0", "kind": "live", "breaker": "closed", "boot": "boot-1"}
BULK = LIVE | {"worker_id": "scheduler-bulk", "kind": "bulk", "load": None, "boot": "bulk-boot"}
AWAY = {"alive": False, "ready": False, "load": None, "boot": None}


async def test_it_tells_how_each_worker_is(rig: Rig) -> None:
    assert await rig.api.json("GET", "/health") == (
        200,
        {"status": "ok", "workers": [INGEST, LIVE, BULK | AWAY]},
    )


async def test_what_a_worker_is_at_work_for_is_its_load(rig: Rig) -> None:
    await rig.api.publish("s1")
    rig.scheduler.fits_more = 3
    rig.scheduler.tell_stats()
    body = await rig.api.until("/health", lambda body: body["workers"][1]["load"] == 0.25)
    assert body["workers"][1] == LIVE | {"sessions": 1, "load": 0.25}


async def test_it_is_200_while_nobody_else_lives_and_names_the_breaker(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulk = FakeScheduler(tmp_path / "scheduler-bulk.sock", "bulk-boot")
    await rig.api.until("/health", lambda body: bool(body["workers"][2]["alive"]))
    monkeypatch.setattr(task_calls, "GRACE_S", 0.01)
    for _ in range(5):
        await rig.api.json(
            "POST", "/doc/ocr", json={"session_id": "s", "image_b64": "AAAA", "timeout_s": 0.01}
        )
    rig.worker.die()
    rig.scheduler.die()
    body = await rig.api.until("/health", lambda body: not body["workers"][1]["alive"])
    assert body["workers"] == [INGEST | AWAY, LIVE | AWAY, BULK | {"breaker": "open"}]
    bulk.die()
