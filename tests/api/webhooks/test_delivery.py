"""Events as a real receiver gets them: while it is away, while hosts change, and across restarts."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from argusd.api.events.feeds import Feed
from argusd.api.webhooks import attempts
from argusd.api.webhooks import webhooks as module
from argusd.scheduler.contract import redis_keys as keys

from ...shared_redis import connected, shared_redis
from ...waiting import LONGEST_S, answered
from ..fixtures import Rig, one_of_several, running_rig
from .listener import SECRET, Listener, listening, webhook


@pytest.fixture(autouse=True)
def quick_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that nobody waits for what is tried again."""
    monkeypatch.setattr(attempts, "SHORTEST_S", 0.01)


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with listening() as listener:
        yield listener


@pytest.fixture
async def rig(tmp_path: Path, listener: Listener) -> AsyncIterator[Rig]:
    async with running_rig(tmp_path, webhooks=(webhook(tmp_path, listener.url),)) as rig:
        await begun(rig)
        yield rig


async def begun(rig: Rig) -> None:
    """Return once the webhook knows where it begins."""
    await answered(rig.api.metrics, lambda found: found["ml_webhook_here{webhook=exams}"] == 1)


async def test_events_are_posted_once_in_their_order(rig: Rig, listener: Listener) -> None:
    await rig.api.publish("s1")
    for _ in range(20):
        rig.scheduler.find("s1")
    await listener.until(20)
    assert listener.numbers == list(range(1, 21))
    assert listener.messages[0]["type"] == "observation.face.update"
    assert listener.messages[0]["data"]["id"] == "s1:2"
    assert len(set(listener.ids)) == 20


async def test_who_is_away_gets_everything_when_it_is_back(rig: Rig, listener: Listener) -> None:
    await rig.api.publish("s1")
    listener.status = 503
    for _ in range(5):
        rig.scheduler.find("s1")
    await listener.until_tried(4)
    assert len(set(listener.ids)) == 1, "what comes later waits"
    listener.status = 204
    await listener.until(5)
    assert listener.numbers == [1, 2, 3, 4, 5]


async def test_a_restart_goes_on_where_it_was_and_doubles_nothing(rig: Rig, listener: Listener) -> None:
    await rig.api.publish("s1")
    rig.scheduler.find("s1")
    await listener.until(1)
    await answered(rig.api.metrics, lambda found: found["ml_webhook_behind{webhook=exams}"] == 0)
    await rig.api.close()
    rig.scheduler.find("s1")
    await rig.api.open()
    await listener.until(2)
    assert listener.numbers == [1, 2]
    assert len(set(listener.ids)) == len(listener.ids) == 2


async def test_a_redirect_is_not_followed(rig: Rig, listener: Listener) -> None:
    await rig.api.publish("s1")
    listener.status, listener.headers = 307, {"Location": "/elsewhere"}
    rig.scheduler.find("s1")
    await listener.until_tried(3)
    assert set(listener.paths) == {"/events"}


async def test_a_message_that_is_refused_for_good_lets_the_next_ones_come(
    rig: Rig, listener: Listener
) -> None:
    await rig.api.publish("s1")
    listener.status = 422
    rig.scheduler.find("s1")
    await listener.until_tried(attempts.TRIES)
    listener.status = 200
    rig.scheduler.find("s1")
    await listener.until(1)
    assert listener.numbers == [2]
    await rig.api.until_metric("ml_webhook_refused_total{webhook=exams}", 1)


async def test_what_is_erased_while_the_receiver_is_away_is_never_posted(
    rig: Rig, listener: Listener
) -> None:
    for session_id in ("s1", "s2"):
        await rig.api.publish(session_id)
    listener.status = 503
    for session_id in ("s1", "s2"):
        rig.scheduler.find(session_id)
    await listener.until_tried(2)
    status, _ = await rig.api.json("DELETE", "/sessions/s1")
    assert status == 204
    listener.status = 200
    await listener.until(2)
    kinds = [each["type"] for each in listener.messages]
    assert "gap" in kinds
    assert {each["data"]["session_id"] for each in listener.messages if each["type"] != "gap"} == {"s2"}


async def test_who_is_behind_waits_for_news_where_all_that_others_have_read_is_erased(
    rig: Rig, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rig.api.publish("s1")
    listener.status = 503
    async with rig.api.events("/events", "0") as events:
        rig.scheduler.find("s1")
        await events.take(1)
    await listener.until_tried(2)
    waits, newer = asyncio.Event(), Feed.newer

    async def told(feed: Feed, version: int) -> None:
        if version == feed.version:
            waits.set()
        await newer(feed, version)

    monkeypatch.setattr(Feed, "newer", told)
    status, _ = await rig.api.json("DELETE", "/sessions/s1")
    assert status == 204
    async with asyncio.timeout(LONGEST_S):
        await waits.wait()
    await rig.api.publish("s2")
    listener.status = 204
    rig.scheduler.find("s2")
    await listener.until(1)


async def test_a_receiver_that_hangs_holds_nobody_else_up(tmp_path: Path, listener: Listener) -> None:
    async with listening() as other:
        both = (webhook(tmp_path, listener.url), webhook(tmp_path, other.url, "other"))
        async with running_rig(tmp_path, webhooks=both) as rig:
            await begun(rig)
            await rig.api.until_metric("ml_webhook_here{webhook=other}", 1)
            await rig.api.publish("s1")
            listener.mute.clear()
            for _ in range(3):
                rig.scheduler.find("s1")
            await other.until(3)
            async with rig.api.events("/sessions/s1/events", "s1:1") as events:
                assert len(await events.take(3)) == 3
            assert listener.messages == []
            listener.mute.set()
            await listener.until(3)


async def test_a_receiver_that_is_gone_for_long_is_told(
    rig: Rig, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TOLD_AFTER_S", 0.0)
    await rig.api.publish("s1")
    listener.status = 503
    rig.scheduler.find("s1")
    said = "the webhook exams takes no events: it answers 503"
    await rig.api.until("/ready", lambda body: said in body["degraded"])
    await answered(rig.api.metrics, lambda found: found["ml_webhook_failing_seconds{webhook=exams}"] > 0)
    listener.status = 200
    await rig.api.until("/ready", lambda body: said not in body["degraded"])


async def test_nobody_is_told_the_secret(
    rig: Rig, listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await rig.api.publish("s1")
    listener.status = 500
    rig.scheduler.find("s1")
    await listener.until_tried(2)
    for path in ("/ready", "/metrics", "/operations.json", "/openapi.json"):
        async with rig.api.http.get(path) as answer:
            assert SECRET.removeprefix("whsec_") not in await answer.text()
    assert "the webhook exams does not take events: it answers 500" in caplog.text
    assert SECRET.removeprefix("whsec_") not in caplog.text


async def test_of_two_hosts_one_posts_and_the_other_goes_on_when_it_ends(
    tmp_path: Path, listener: Listener
) -> None:
    receivers = (webhook(tmp_path, listener.url, types=("session",), names=("connecting",)),)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with shared_redis() as url:
        settings = {name: one_of_several(name, url) for name in "ab"}
        async with running_rig(tmp_path / "a", webhooks=receivers, **settings["a"]) as a:
            await begun(a)
            async with running_rig(tmp_path / "b", webhooks=receivers, **settings["b"]) as b:
                for session_id in ("s1", "s2", "s3"):
                    await a.api.publish(session_id)
                await listener.until(3)
                assert (await b.api.metrics())["ml_webhook_here{webhook=exams}"] == 0
                await a.api.close()
                await begun(b)
                await b.api.until("/ready", lambda body: body["fits_more"] == 4)
                await b.api.publish("s4")
                await listener.until(4)
                await a.api.open()
    told = [each["data"]["session_id"] for each in listener.messages]
    assert told == ["s1", "s2", "s3", "s4"]
    assert len(listener.ids) == 4, "none came twice"


async def test_what_is_found_after_redis_has_lost_everything_is_posted(
    tmp_path: Path, listener: Listener
) -> None:
    receivers = (webhook(tmp_path, listener.url),)
    with shared_redis() as url:
        settings = one_of_several("a", url)
        async with running_rig(tmp_path, webhooks=receivers, **settings) as rig, connected(url) as redis:
            await begun(rig)
            await rig.api.publish("s1")
            rig.scheduler.find("s1")
            await listener.until(1)
            await redis.flushall()
            for _ in range(2):
                rig.scheduler.find("s1")
            await listener.until(3)
    assert listener.numbers == [1, 2, 3]


async def test_what_the_webhook_does_not_want_costs_no_write(tmp_path: Path, listener: Listener) -> None:
    wanted = webhook(tmp_path, listener.url, names=("wanted",))
    with shared_redis() as url:
        async with running_rig(tmp_path, webhooks=(wanted,), redis_url=url) as rig, connected(url) as redis:
            await begun(rig)
            await rig.api.publish("s1")
            before = await redis.get(keys.webhook_place("exams"))
            for _ in range(5):
                rig.scheduler.find("s1")
            await rig.scheduler.until(lambda: rig.scheduler.acked == 5)
            await answered(rig.api.metrics, lambda found: found["ml_webhook_behind{webhook=exams}"] == 0)
            assert await redis.get(keys.webhook_place("exams")) == before
            rig.scheduler.find("s1", name="wanted")
            await listener.until(1)
            await answered(lambda: redis.get(keys.webhook_place("exams")), lambda place: place == b"7")
