from argusd.scheduler.contract.messages import RoleStatus

from ..fixtures import Rig


async def test_a_process_that_runs_is_healthy(rig: Rig) -> None:
    assert await rig.api.json("GET", "/health") == (200, {"status": "ok"})


async def test_ready_when_everyone_is_whom_sessions_need(rig: Rig) -> None:
    assert await rig.api.json("GET", "/ready") == (
        200,
        {
            "ready": True,
            "reasons": [],
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
