"""Evidence from a finding to its end, with a real recorder; pictures come over a WebSocket."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import Latest, RoleStatus
from argusd.scheduler.recorder.config import RecorderConfig
from argusd.scheduler.recorder.service import run_recorder

from ...waiting import until
from ..fixtures import EventReader, Rig, RunningApi
from ..streams.clients import jpeg

KEPT = {"policy": {"evidence": {"snapshot": True}}}
S1_FACE = MediaKey("s1", "face")


@contextlib.asynccontextmanager
async def recording(api: RunningApi, **settings: Any) -> AsyncIterator[None]:
    """A recorder at work."""
    changed: dict[str, Any] = {"after_s": 0.1, "min_free_mib": 0} | settings
    config = RecorderConfig(
        runtime_dir=api.config.runtime_dir,
        state_dir=api.config.state_dir,
        ingest_workers=0,  # the rig's is no real one
        **changed,
    )
    stop, ready = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(run_recorder(config, stop, ready.set))
    await ready.wait()
    try:
        yield
    finally:
        stop.set()
        await task


@contextlib.asynccontextmanager
async def filmed(rig: Rig, policy: dict[str, Any] = KEPT) -> AsyncIterator[None]:
    """A session s1 whose pictures come over a WebSocket, and are seen."""
    status, _ = await rig.api.json("PUT", "/sessions/s1", json=policy)
    assert status == 201
    async with rig.api.http.ws_connect("/ml/stream/s1/face") as socket:
        await rig.scheduler.until(lambda: S1_FACE in rig.scheduler.policies)
        await socket.send_bytes(jpeg())
        rig.scheduler.say(
            Latest(S1_FACE, "face", 1.0, 2.0, 0, {"face_detector": "blazeface"}, {"faces": [[0, 0, 1, 1]]})
        )
        await socket.receive()
        yield


def starts(rig: Rig, name: str = "face_absent") -> None:
    """The scheduler finds that a violation starts."""
    rig.scheduler.find("s1", "face", type="violation", name=name, state="start", captured_at=time.time())


async def named(events: EventReader, name: str) -> dict[str, Any]:
    """The next event of this name."""
    while True:
        event: dict[str, Any] = (await events.next())[2]
        if event["name"] == name:
            return event


async def finished(rig: Rig, count: int = 1) -> list[dict[str, Any]]:
    """The session's evidence once so much of it is finished."""
    body = await rig.api.until(
        "/sessions/s1/evidence", lambda body: sum(bool(each["hash"]) for each in body["evidence"]) == count
    )
    evidence: list[dict[str, Any]] = body["evidence"]
    return evidence


async def test_a_violation_is_kept_with_what_it_was_found_by(rig: Rig) -> None:
    rig.scheduler.tell_stats(roles=[RoleStatus("face_detector", "blazeface", True, "", 0.2, sha256="c0ffee")])
    async with recording(rig.api), filmed(rig), rig.api.events("/sessions/s1/events") as events:
        starts(rig)
        (evidence,) = await finished(rig)
        start, told = await named(events, "face_absent"), await named(events, "evidence")
    assert start["evidence_id"] == evidence["evidence_id"]
    assert (told["name"], told["data"]["hash"]) == ("evidence", evidence["hash"])
    assert (evidence["state"], evidence["snapshot"]["width"]) == ("ready", 64)
    assert evidence["models"] == {"face_detector": {"name": "blazeface", "sha256": "c0ffee"}}
    assert evidence["seen"] == {"faces": [[0, 0, 1, 1]]}
    assert (evidence["seen_at"], evidence["seen_age_ms"]) == (1.0, 2.0)
    assert evidence["policy"]["face_absent"]["start_after_s"] == 1.5
    path = f"/sessions/s1/evidence/{evidence['evidence_id']}"
    assert await rig.api.json("GET", f"{path}/snapshot") == (200, jpeg())
    assert (await rig.api.json("GET", f"{path}/clip"))[1]["error_code"] == "evidence_not_found"


async def test_nothing_is_kept_that_no_policy_asks_for(rig: Rig) -> None:
    async with recording(rig.api), filmed(rig, {}), rig.api.events("/sessions/s1/events") as events:
        starts(rig)
        assert (await named(events, "face_absent"))["evidence_id"] is None
    assert (await rig.api.json("GET", "/sessions/s1/evidence"))[1] == {"evidence": []}


async def test_a_finding_that_comes_again_is_kept_once(rig: Rig) -> None:
    async with recording(rig.api), filmed(rig):
        starts(rig)
        (evidence,) = await finished(rig)
        rig.scheduler.say(rig.scheduler.find("s1", "face", type="observation"))
        starts(rig, "head_turned")
        rig.scheduler.disconnect()  # it hears of no ack, and tells all of it again
        again = await finished(rig, 2)
    assert again[0] == evidence
    assert (await rig.api.json("GET", "/sessions/s1/evidence/chain"))[1]["intact"]


async def test_a_recorder_that_is_away_costs_the_evidence_and_nothing_else(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argusd.api.evidence.under_way.ASKED_WITHIN_S", 0.0)
    monkeypatch.setattr("argusd.api.evidence.keeper.LOOK_EVERY_S", 0.01)
    async with filmed(rig):
        starts(rig)
        (evidence,) = await finished(rig)
        lacks = (await rig.api.json("GET", "/ready"))[1]["degraded"]
    assert (evidence["state"], evidence["reason"]) == ("failed", "lost")
    assert "the recorder does not answer: no evidence of violations is kept" in lacks


async def test_what_an_earlier_api_has_begun_is_finished(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("argusd.scheduler.recorder.recorder.HEARD_WITHIN_S", 0.1)
    async with filmed(rig):
        starts(rig)
        await rig.api.until("/sessions/s1/evidence", lambda body: len(body["evidence"]) == 1)
    await rig.api.restart()
    async with recording(rig.api):
        (evidence,) = await finished(rig)
    assert (evidence["state"], evidence["reason"]) == ("failed", "no_media"), (
        "the pictures ended with that api"
    )


async def test_a_full_disk_is_told(rig: Rig) -> None:
    async with recording(rig.api, min_free_mib=1 << 40), filmed(rig):
        starts(rig)
        (evidence,) = await finished(rig)
        await rig.api.until("/ready", lambda body: any("disk is full" in each for each in body["degraded"]))
        metrics = await rig.api.metrics()
    assert (evidence["state"], evidence["reason"]) == ("failed", "disk_full")
    assert metrics["ml_evidence_total{reason=disk_full,state=failed}"] == 1


@pytest.mark.parametrize("there", [True, False])
async def test_a_deleted_session_leaves_no_evidence(rig: Rig, there: bool) -> None:
    async with contextlib.AsyncExitStack() as stack:
        recorder = await stack.enter_async_context(contextlib.AsyncExitStack())
        await recorder.enter_async_context(recording(rig.api))
        await stack.enter_async_context(filmed(rig))
        starts(rig)
        await finished(rig)
        if not there:
            await recorder.aclose()
        assert (await rig.api.json("DELETE", "/sessions/s1"))[0] == 204
        assert files(rig) == []
    assert (await rig.api.json("GET", "/sessions/s1/evidence"))[0] == 404


async def test_files_of_sessions_that_are_no_more_go(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("argusd.api.evidence.keeper.LOOK_EVERY_S", 0.01)
    left = rig.api.config.state_dir / "evidence" / "gone" / "0.jpg"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"canary")
    async with recording(rig.api):
        await until(lambda: not left.parent.exists())


async def test_whatever_is_changed_shows(rig: Rig) -> None:
    async with recording(rig.api), filmed(rig):
        for name in ("face_absent", "head_turned", "gaze_away"):
            starts(rig, name)
        evidence = await finished(rig, 3)
    whole = (await rig.api.json("GET", "/sessions/s1/evidence/chain"))[1]
    newest = max(evidence, key=lambda each: int(each["position"]))
    assert (whole["intact"], whole["length"], whole["head"]) == (True, 3, newest["hash"])

    (path,) = [path for path in files(rig) if evidence[1]["evidence_id"] in path.name]
    path.write_bytes(path.read_bytes() + b"\0")
    changed = (await rig.api.json("GET", "/sessions/s1/evidence/chain"))[1]
    assert changed["broken"] == [
        {"evidence_id": evidence[1]["evidence_id"], "reason": "its snapshot was changed"}
    ]


def files(rig: Rig) -> list[Path]:
    """All evidence on disk."""
    return [each for each in (rig.api.config.state_dir / "evidence").rglob("*") if each.is_file()]
