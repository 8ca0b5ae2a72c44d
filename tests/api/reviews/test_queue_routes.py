"""The review queue of a running api."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from argusd.ingest.ipc.messages import TrackState
from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.messages import Latest

from ...shared_redis import connected, shared_redis
from ..fakes import S1
from ..fixtures import Rig, RunningApi, running_rig
from ..sessions.test_several_hosts import Hosts

AWAY = {"type": "violation", "name": "gaze_away"}


async def queue(api: RunningApi, query: str = "") -> dict[str, Any]:
    status, body = await api.json("GET", f"/reviews{query}")
    assert status == 200, body
    found: dict[str, Any] = body
    return found


async def pages(api: RunningApi, query: str) -> AsyncIterator[dict[str, Any]]:
    """All of them, from the first to the last."""
    after: str | None = ""
    while after is not None:
        page = await queue(api, f"{query}&after={after}")
        yield page
        after = page["next"]


def ids(queue: dict[str, Any]) -> list[str]:
    return [each["session_id"] for each in queue["sessions"]]


async def test_a_session_tells_what_waits_until_everything_is_decided(rig: Rig) -> None:
    await rig.api.publish("s1")
    assert (await queue(rig.api))["sessions"][0]["waiting"] == waiting(0, 0, None)
    rig.scheduler.find("s1", **AWAY, state="start", media_s=1.0, captured_at=50.0)
    rig.scheduler.say(Latest(S1, "face", 59.0, 20.0, 3, {}, {"face_count": 1}))
    found = await rig.api.until("/reviews", lambda body: bool(body["sessions"][0]["streams"]))
    (row,) = found["sessions"]
    assert row["waiting"] == waiting(1, 1, 50.0)
    assert row["violations"]["gaze_away"]["count"] == 1
    assert row["streams"]["face"]["data"] == {"face_count": 1}
    assert (found["live"], found["waiting"], found["total"]) == (1, 1, 1)
    rig.scheduler.find("s1", **AWAY, state="end", media_s=4.0)
    await rig.api.until("/reviews", lambda body: body["sessions"][0]["waiting"] == waiting(0, 1, 50.0))
    (violation,) = (await rig.api.json("GET", "/sessions/s1/report"))[1]["violations"]
    for state, left in (("acknowledged", 0), ("open", 1), ("dismissed", 0)):
        await rig.api.json("PUT", f"/sessions/s1/reviews/{violation['seq']}", json={"state": state})
        assert (await queue(rig.api))["sessions"][0]["waiting"] == waiting(0, left, 50.0)
    assert (await queue(rig.api))["waiting"] == 0


def waiting(going_on: int, unreviewed: int, last_at: float | None) -> dict[str, Any]:
    return {"going_on": going_on, "unreviewed": unreviewed, "last_at": last_at}


async def test_frozen_media_come_before_what_is_calm_and_say_so(rig: Rig) -> None:
    for session_id in ("s1", "s2", "s3"):
        await rig.api.publish(session_id)
    rig.worker.say(TrackState(S1, "video", "stale", "frozen"))
    found = await rig.api.until("/reviews", lambda body: "stale" in str(body))
    assert ids(found)[0] == "s1"
    video = next(each for each in found["sessions"][0]["tracks"] if each["kind"] == "video")
    assert (video["state"], video["reason"]) == ("stale", "frozen")


async def test_pages_hold_each_session_once_also_after_a_restart(rig: Rig) -> None:
    names = [f"exam-{number:02}" for number in range(12)]
    for name in names:
        await rig.api.json("PUT", f"/sessions/{name}")
    await rig.api.restart()
    found = [page async for page in pages(rig.api, "?limit=5&search=EXAM")]
    assert [len(each["sessions"]) for each in found] == [5, 5, 2]
    assert [each["before"] for each in found] == [0, 5, 10]
    assert sorted(session for page in found for session in ids(page)) == names
    assert {each["total"] for each in found} == {12}
    assert ids(await queue(rig.api, "?search=exam-07")) == ["exam-07"]
    assert ids(await queue(rig.api, "?show=live")) == []


async def test_a_session_that_comes_meanwhile_shifts_no_later_page(rig: Rig) -> None:
    for name in ("a", "b", "c"):
        await rig.api.json("PUT", f"/sessions/{name}")
    first = await queue(rig.api, "?limit=2")
    await rig.api.json("PUT", "/sessions/d")
    second = await queue(rig.api, f"?limit=2&after={first['next']}")
    assert (ids(first), ids(second)) == (["c", "b"], ["a"])
    assert (second["before"], second["total"], second["next"]) == (3, 4, None)


async def test_a_session_with_unreadable_results_keeps_no_others_off_the_page(
    tmp_path: Path,
) -> None:
    with shared_redis() as url:
        async with connected(url) as redis, running_rig(tmp_path, redis_url=url) as rig:
            await rig.api.publish("s1")
            await rig.api.publish("s2")
            rig.scheduler.say(Latest(S1, "face", 59.0, 20.0, 3, {}, {"face_count": 1}))
            await rig.api.until("/sessions/s1/results", lambda body: bool(body["streams"]))
            await redis.set(keys.results("s2"), "nothing")
            found = {each["session_id"]: set(each["streams"]) for each in (await queue(rig.api))["sessions"]}
            assert found == {"s1": {"face"}, "s2": set()}


async def test_what_is_deleted_is_not_listed(rig: Rig) -> None:
    await rig.api.publish("s1")
    rig.scheduler.find("s1", **AWAY, state="start")
    await rig.api.until("/reviews", lambda body: body["waiting"] == 1)
    await rig.api.json("DELETE", "/sessions/s1")
    nothing = {"sessions": [], "total": 0, "live": 0, "waiting": 0, "before": 0, "next": None}
    assert await queue(rig.api) == nothing
    await rig.api.publish("s1")
    assert (await queue(rig.api))["sessions"][0]["waiting"] == waiting(0, 0, None)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("?limit=0", "The value of limit must be"),
        ("?limit=many", "The value of limit must be"),
        ("?show=mine", "The value of show must be"),
        ("?after=mine", "The value of after must be"),
        ("?serch=x", "did you mean search?"),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(rig: Rig, query: str, sentence: str) -> None:
    status, body = await rig.api.json("GET", f"/reviews{query}")
    assert (status, body["error_code"]) == (422, "invalid_field")
    assert sentence in body["error"]


async def test_the_sessions_of_all_hosts_stand_in_one_queue(tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:
        url = stack.enter_context(shared_redis())
        redis = await stack.enter_async_context(connected(url))
        hosts = Hosts(tmp_path, redis, url, stack)
        a, b = await hosts.start("a"), await hosts.start("b")
        for api, name in ((a.api, "of-a"), (b.api, "of-b"), (b.api, "urgent")):
            await api.json("PUT", f"/sessions/{name}")
        await b.api.publish("urgent")
        for host in (a, b):
            host.scheduler.find("urgent", **AWAY, state="start")
        found = await a.api.until("/reviews", lambda body: body["waiting"] == 1 and body["total"] == 3)
        assert ids(found)[0] == "urgent"
        assert found["hosts_missing"] == []
        assert found["sessions"][0]["violations"]["gaze_away"]["count"] == 1
        found_by_pages = [session async for page in pages(a.api, "?limit=1") for session in ids(page)]
        assert sorted(found_by_pages) == ["of-a", "of-b", "urgent"]
