"""Evidence of a violation through a running daemon, as a reviewer fetches it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import av
import cv2
import numpy as np
import pytest

from argusd.daemon.config import load_config
from argusd.interviewer_bridge import MLOrchestratorClient
from argusd.scheduler.recorder.files import UNFINISHED
from argusd.scheduler.zoo.store import ZooStore

from .described import described
from .live_daemon import Daemon, Event, next_event, started
from .waiting import answered

LANDMARKS = 478

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("s")


@pytest.fixture(scope="module")
def daemon(state_dir: Path) -> Iterator[Daemon]:
    ZooStore(load_config().cache_dir).pull(["live", "sample"])
    with started(state_dir) as daemon:
        yield daemon


@pytest.fixture
async def http(daemon: Daemon) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(daemon.url) as http:
        yield http


async def violation(daemon: Daemon, http: aiohttp.ClientSession, session: str, **wanted: bool) -> Event:
    """The first violation of a session that asks for evidence; its publisher goes on until it is there."""
    policy = {"evidence": wanted, "landmarks": True}
    async with http.put(f"/sessions/{session}", json={"policy": policy}) as answer:
        assert answer.status == 201
    with daemon.publishing("sample", session) as publisher:
        event = await asyncio.to_thread(next_event, publisher, "multiple_faces")
        if event["evidence_id"]:
            await made(http, event)
    return event


async def made(http: aiohttp.ClientSession, event: Event) -> dict[str, Any]:
    """The evidence of the event, once it is finished."""

    async def ask() -> dict[str, Any]:
        async with http.get(f"/sessions/{event['session_id']}/evidence/{event['evidence_id']}") as answer:
            found: dict[str, Any] = await answer.json()
            return found

    return await answered(ask, lambda found: found["state"] != "pending")


async def test_a_violation_has_a_picture_that_shows_it(
    daemon: Daemon, http: aiohttp.ClientSession, state_dir: Path
) -> None:
    event = await violation(daemon, http, "seen", snapshot=True)

    evidence = await made(http, event)
    assert (evidence["state"], evidence["violation"]["name"]) == ("ready", "multiple_faces")
    assert evidence["policy"]["multiple_faces"]["start_after_s"] == 0.7
    assert described("Evidence", evidence)
    assert len(evidence["seen"]["faces"]) == evidence["violation"]["data"]["face_count"]
    assert len(evidence["seen"]["landmarks"]) == LANDMARKS
    assert all(0 <= each <= 1 for box in evidence["seen"]["faces"] for each in box)
    async with http.get(f"/sessions/seen/evidence/{event['evidence_id']}/snapshot") as answer:
        assert answer.content_type == "image/jpeg"
        jpeg = await answer.read()
    assert hashlib.sha256(jpeg).hexdigest() == evidence["snapshot"]["sha256"]
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape[1::-1] == (evidence["snapshot"]["width"], evidence["snapshot"]["height"])

    async with http.delete("/sessions/seen") as answer:
        assert answer.status == 204
    assert [*(state_dir / "evidence").glob("*")] == [state_dir / "evidence" / UNFINISHED]


async def test_a_clip_shows_and_lets_hear_what_came_before_and_after(
    daemon: Daemon, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    event = await violation(daemon, http, "filmed", snapshot=True, clip=True)

    evidence = await made(http, event)
    assert evidence["state"] == "ready"
    async with http.get(f"/sessions/filmed/evidence/{event['evidence_id']}/clip") as answer:
        assert answer.content_type == "video/webm"
        webm = await answer.read()
    assert hashlib.sha256(webm).hexdigest() == evidence["clip"]["sha256"]
    (tmp_path / "clip.webm").write_bytes(webm)
    with av.open(str(tmp_path / "clip.webm")) as clip:
        pictures = [frame.time for frame in clip.decode(video=0)]
        clip.seek(0)
        sound_s = sum(frame.samples / frame.sample_rate for frame in clip.decode(audio=0))
    assert len(pictures) == evidence["clip"]["pictures"]
    assert pictures[-1] - pictures[0] == pytest.approx(evidence["clip"]["duration_s"], abs=0.5)
    assert sound_s == pytest.approx(evidence["clip"]["duration_s"], abs=0.5)
    async with MLOrchestratorClient(daemon.url) as ml:
        same, *_ = await ml.evidence("filmed")
        assert same.hash == evidence["hash"]
        assert await ml.evidence_file("filmed", same.evidence_id, "clip") == webm
        violations = (await ml.report("filmed")).violations
        violated = next(each for each in violations if each.evidence_id == same.evidence_id)
        assert (await ml.review("filmed", violated.seq, "acknowledged")).state == "acknowledged"
    begins, ends = (
        evidence["clip"]["begins_at"],
        evidence["clip"]["begins_at"] + evidence["clip"]["duration_s"],
    )
    assert begins + 2 < evidence["created_at"] < ends - 2


async def test_nothing_is_kept_that_no_policy_asks_for(daemon: Daemon, http: aiohttp.ClientSession) -> None:
    event = await violation(daemon, http, "unseen")
    assert event["evidence_id"] is None
    async with http.get("/sessions/unseen/evidence") as answer:
        assert await answer.json() == {"evidence": []}
