import asyncio
from pathlib import Path
from typing import Any

from argusd.api.events.redis_store import connect
from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.messages import TaskDone, TaskRequest

from ...shared_redis import shared_redis
from ...waiting import answered, until
from ..fakes import S1
from ..fixtures import OFFER, SDP, Rig, one_of_several, running_rig

PICTURE = {"session_id": "s1", "image_b64": "AAAA"}


async def refused(rig: Rig, path: str, **body: Any) -> bool:
    status, answer = await rig.api.json("POST", path, **body)
    if status < 300:
        return False
    assert (status, answer["error_code"]) == (503, "draining")
    return True


async def test_what_lives_goes_on_and_nothing_new_is_taken(rig: Rig) -> None:
    await rig.api.publish("s1")
    task = asyncio.create_task(rig.api.json("POST", "/face/embed", json=PICTURE))
    await rig.scheduler.until(lambda: len(rig.scheduler.asked) == 1)
    assert await rig.api.json("POST", "/drain") == (200, {"draining": True, "sessions": 1, "tasks": 1})

    status, readiness = await rig.api.json("GET", "/ready")
    assert (status, readiness["reasons"]) == (503, ["the daemon drains"])
    assert await refused(rig, "/whip/s2", data=OFFER, headers=SDP)
    assert await refused(rig, "/face/embed", json=PICTURE)
    assert await refused(rig, "/analysis/moderate", json={"session_id": "s1", "text": "hello"})
    assert (await rig.api.json("PUT", "/sessions/s2", json={}))[0] == 503
    async with rig.api.http.ws_connect("/ml/stream/s2/face") as socket:
        assert (await socket.receive_json())["error_code"] == "draining"

    assert (await rig.api.json("PUT", "/sessions/s1", json={"policy": {"weight": 2.0}}))[0] == 200
    assert not await refused(rig, "/whip/s1", data=OFFER, headers=SDP), "its publisher may come back"
    await rig.scheduler.until(lambda: S1 in rig.scheduler.policies)
    async with rig.api.events("/sessions/s1/events") as events:
        rig.scheduler.find("s1")
        assert (await events.next())[2]["type"] == "observation"
    [request] = rig.scheduler.asked
    rig.scheduler.say(done(request))
    assert (await task)[0] == 200
    rig.worker.end("s1", "client")
    await rig.api.until("/sessions/s1", lambda body: body["state"] == "closed")
    assert await rig.api.json("POST", "/drain") == (200, {"draining": True, "sessions": 0, "tasks": 0})


async def test_it_can_be_undone(rig: Rig) -> None:
    await rig.api.json("POST", "/drain")
    assert await rig.api.json("DELETE", "/drain") == (200, {"draining": False, "sessions": 0, "tasks": 0})
    assert (await rig.api.json("GET", "/ready"))[0] == 200
    assert not await refused(rig, "/whip/s2", data=OFFER, headers=SDP)


async def test_an_offer_that_is_being_answered_is_awaited(rig: Rig) -> None:
    rig.worker.mute = True
    offered = asyncio.create_task(rig.api.publish("s1"))
    await rig.worker.until(lambda: len(rig.worker.opened) == 1)
    assert (await rig.api.json("POST", "/drain"))[1]["sessions"] == 1
    rig.worker.answer(rig.worker.opened[0])
    await offered
    assert (await rig.api.json("POST", "/drain"))[1]["sessions"] == 1
    rig.worker.end("s1", "client")
    await answered(lambda: rig.api.json("POST", "/drain"), lambda told: told[1]["sessions"] == 0)


async def test_one_of_many_hosts_is_off_the_list_at_once_and_does_its_sessions_tasks(tmp_path: Path) -> None:
    with shared_redis() as url:
        async with running_rig(tmp_path, **one_of_several("a", url)) as rig:
            async with connect(url, 5.0) as redis:
                await answered(lambda: redis.zscore(keys.HOSTS, "a"), bool)
                assert (await rig.api.json("PUT", "/sessions/s1", json={}))[0] == 201
                assert (await rig.api.json("POST", "/drain"))[0] == 200
                assert await redis.zscore(keys.HOSTS, "a") is None
            task = asyncio.create_task(rig.api.json("POST", "/face/embed", json=PICTURE))
            await until(lambda: task.done() or len(rig.scheduler.asked) == 1)
            rig.scheduler.say(done(rig.scheduler.asked[0]))
            assert (await task)[0] == 200
            assert await refused(rig, "/face/embed", json=PICTURE | {"session_id": "s2"})


def done(request: TaskRequest) -> TaskDone:
    return TaskDone(request.request, {"embedding_b64": b"", "face_count": 0}, {}, 0.001)
