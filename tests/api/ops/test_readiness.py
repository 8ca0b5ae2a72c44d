import asyncio
from pathlib import Path

from argusd.api.store.redis_process import find_server
from argusd.scheduler.contract.catalog import PUBLIC_TASKS
from argusd.scheduler.contract.messages import RoleStatus

from ..fake_task_scheduler import FakeTaskScheduler
from ..fixtures import Rig, running_rig


async def test_ready_when_everyone_is_whom_sessions_need(rig: Rig) -> None:
    assert await rig.api.json("GET", "/ready") == (
        200,
        {
            "ready": True,
            "reasons": [],
            "live": {"ready": True, "reasons": []},
            "bulk": {"ready": False, "reasons": ["scheduler-bulk does not answer"]},
            "degraded": ["scheduler-bulk does not answer"],
            "device": "cpu",
            "roles": [
                {
                    "role": "face_detector",
                    "model": "blazeface",
                    "ready": True,
                    "detail": "",
                    "load_seconds": 0.25,
                    "live": True,
                    "precision": "",
                    "sha256": "",
                }
            ],
            "workers": [{"worker_id": "ingest-0", "ready": True, "sessions": 0, "load": 0.0}],
            "schedulers": [
                {
                    "worker_id": "scheduler-0",
                    "ready": True,
                    "sessions": 0,
                    "device": "cpu",
                    "fits_more": 4,
                    "rate_scale": 1.0,
                },
                {
                    "worker_id": "scheduler-bulk",
                    "ready": False,
                    "sessions": 0,
                    "device": None,
                    "fits_more": None,
                    "rate_scale": None,
                },
            ],
            "streams": {"face": True, "video": False, "audio": False, "lipsync": False},
            "tasks": dict.fromkeys(PUBLIC_TASKS, False)
            | {"plagiarism_analyze": True, "response_moderate": True},
            "redis": True,
            "buffered_events": 0,
            "fits_more": 4,
        },
    )


async def test_not_ready_says_why(rig: Rig) -> None:
    detail = "no weights; argusd models pull centernet"
    rig.scheduler.tell_stats(roles=[RoleStatus("object_detector", "centernet", False, detail, 0.0)])
    body = await rig.api.until("/ready", lambda body: not body["ready"])
    assert body["reasons"] == [f"object_detector is not ready: {detail}"]
    rig.scheduler.die()
    body = await rig.api.until("/ready", lambda body: body["device"] is None)
    assert body["reasons"] == ["scheduler-0 does not answer"]
    rig.worker.die()
    body = await rig.api.until("/ready", lambda body: not body["workers"][0]["ready"])
    assert body["reasons"] == ["ingest-0 does not answer", "scheduler-0 does not answer"]
    async with rig.api.http.get("/ready") as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "2")
        body = await response.json()
    assert body["error_code"] == "not_ready"
    assert body["error"] == "Not ready: ingest-0 does not answer; scheduler-0 does not answer."


async def test_a_full_arena_is_told_and_counts_as_no_room(rig: Rig) -> None:
    rig.worker.arena_fits_more = 2
    rig.worker.stats()
    body = await rig.api.until("/ready", lambda body: body["fits_more"] == 2)
    assert body["degraded"] == ["scheduler-bulk does not answer"]
    rig.worker.arena_fits_more = 0
    rig.worker.stats()
    body = await rig.api.until("/ready", lambda body: body["fits_more"] == 0)
    assert body["ready"]
    no_room = "ingest-0 has no room in shared memory for another session: raise ingest.arena_mib"
    assert body["degraded"] == [no_room, "scheduler-bulk does not answer"]
    assert (await rig.api.json("GET", "/sessions"))[1]["fits_more"] == 0
    await rig.api.until_metric("ml_sessions_fit_more", 0)


async def test_the_tiers_that_are_asked_for_decide(rig: Rig, tmp_path: Path) -> None:
    both = "/ready?tiers=live,bulk"
    lacking = ["scheduler-bulk does not answer"]
    for path in (both, "/ready?tiers=bulk"):
        status, body = await rig.api.json("GET", path)
        assert (status, body["ready"], body["reasons"], body["live"]["ready"]) == (503, False, lacking, True)
    bulk = FakeTaskScheduler(tmp_path, "scheduler-bulk")
    body = await rig.api.until(both, lambda body: bool(body["ready"]))
    assert (body["reasons"], body["bulk"]) == ([], {"ready": True, "reasons": []})
    rig.scheduler.die()
    body = await rig.api.until("/ready?tiers=bulk", lambda body: not body["ready"])
    assert body["reasons"] == ["scheduler-0 does not answer"], "quick tasks are a live scheduler's"
    bulk.die()


async def test_a_tier_that_is_none_is_refused(rig: Rig) -> None:
    status, body = await rig.api.json("GET", "/ready?tiers=live,rt")
    assert (status, body["error_code"]) == (422, "invalid_field")
    assert body["error"] == "The parameter tiers must be one or more of live,bulk."


async def test_a_task_is_served_once_its_tier_is_there_and_its_roles_have_models(
    rig: Rig, tmp_path: Path
) -> None:
    rig.scheduler.tell_stats(roles=[RoleStatus("ocr", "easyocr_en", True, "", 0.0, live=False)])
    body = await rig.api.until("/ready", lambda body: body["roles"][0]["role"] == "ocr")
    assert not body["tasks"]["doc_ocr"]
    bulk = FakeTaskScheduler(tmp_path, "scheduler-bulk")
    body = await rig.api.until("/ready", lambda body: body["tasks"]["doc_ocr"])
    assert not body["tasks"]["doc_id_verify"]
    bulk.die()
    await rig.api.until("/ready", lambda body: not body["tasks"]["doc_ocr"])


async def test_a_store_that_was_lost_is_told_and_the_daemon_begins_anew(tmp_path: Path) -> None:
    store = tmp_path / "state" / "redis"
    store.mkdir(parents=True)
    (store / "appendonly.aof").write_bytes(bytes(4096))
    async with running_rig(tmp_path) as rig:
        _, body = await rig.api.json("GET", "/ready")
        assert (body["ready"], body["redis"]) == (True, True)
        assert (
            "the sessions and events that were stored are lost: the embedded Redis' file was damaged"
            in (body["degraded"])
        )
        figures = await rig.api.metrics()
        assert (figures["ml_store_repairs_total{outcome=lost}"], figures["ml_store_running"]) == (1, 1)
        await rig.api.publish("s1")


async def test_a_redis_that_refuses_to_write_is_not_said_to_be_silent(tmp_path: Path) -> None:
    socket = tmp_path / "redis.sock"
    options = [
        "--port",
        "0",
        "--unixsocket",
        str(socket),
        "--dir",
        str(tmp_path),
        "--min-replicas-to-write",
        "1",
    ]
    server = await asyncio.create_subprocess_exec(find_server(), *options, stdout=asyncio.subprocess.DEVNULL)
    try:
        async with running_rig(tmp_path, redis_url=f"unix://{socket}") as rig:
            rig.scheduler.find("s1")
            body = await rig.api.until("/ready", lambda body: not body["ready"])
            assert body["reasons"] == [
                "Redis has fewer replicas than its min-replicas-to-write; events wait in memory"
            ]
            assert body["redis"]
    finally:
        server.terminate()
        await server.wait()
