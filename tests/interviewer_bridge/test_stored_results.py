"""Results read straight from Redis, which is real and filled as the api fills it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from argusd.api.events.redis_store import connect, wait_until_up
from argusd.api.sessions.session import Media, SessionRecord
from argusd.api.store.embedded_redis import EmbeddedRedis
from argusd.interviewer_bridge import MLOrchestratorClient
from argusd.interviewer_bridge.errors import NotNow, NotThere
from argusd.interviewer_bridge.stored_results import stored_results
from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.results import StreamResult, Violation
from argusd.scheduler.contract.sessions import SessionSpec


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    """A Redis with one session whose media is over, and one that has none yet."""
    server = EmbeddedRedis(tmp_path)
    await server.start()
    redis = connect(server.socket, 5.0)
    await wait_until_up(redis)
    face = StreamResult(1e9, 12.5, 3, {"face_detector": "blazeface"}, {"face_count": 1})
    violation = Violation(2, 4.5, None, 1e9)
    media = Media("closed", "ingest-0", "secret", "abcd", ("video",), 3.0)
    record = SessionRecord(SessionSpec(), 1.0, 2.0)
    await redis.hset(keys.results("done"), "latest:face", msgspec.json.encode(face))
    await redis.hset(keys.results("done"), "violation:gaze_away", msgspec.json.encode(violation))
    await redis.hset(keys.record("done"), "media", msgspec.json.encode(media))
    await redis.hset(keys.record("new"), "spec", msgspec.json.encode(record))
    await redis.aclose()
    yield f"unix://{server.socket}"
    await server.stop()


async def test_all_that_is_known_is_read(url: str) -> None:
    async with MLOrchestratorClient() as client:
        results = await client.finalize("done", redis_url=url)
    assert (results.session_id, results.state) == ("done", "closed")
    assert results.streams["face"].data == {"face_count": 1}
    assert results.violations == {"gaze_away": Violation(2, 4.5, None, 1e9)}


async def test_hundreds_may_be_read_at_once(url: str) -> None:
    async with MLOrchestratorClient() as client:
        read = await asyncio.gather(*(client.finalize("done", redis_url=url) for _ in range(400)))
    assert {results.state for results in read} == {"closed"}


async def test_a_session_that_had_no_media_has_no_results(url: str) -> None:
    results = await stored_results(url, "new")
    assert (results.state, results.streams, results.violations) == ("created", {}, {})


async def test_a_session_that_nobody_knows_is_not_there(url: str) -> None:
    with pytest.raises(NotThere):
        await stored_results(url, "other")


async def test_a_redis_that_is_away_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotNow) as raised:
        await stored_results(f"unix://{tmp_path}/nothing.sock", "done")
    assert raised.value.code == "store_unavailable"
