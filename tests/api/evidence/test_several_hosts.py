"""Evidence of a session that another host holds by now: the host that made it has its files."""

import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import Latest

from ...shared_redis import connected, shared_redis
from ...waiting import answered
from ..sessions.test_several_hosts import Hosts
from ..streams.clients import jpeg
from .test_keeper import KEPT, recording

S1_FACE = MediaKey("s1", "face")


@pytest.fixture
async def hosts(tmp_path: Path) -> AsyncIterator[Hosts]:
    async with contextlib.AsyncExitStack() as stack:
        url = stack.enter_context(shared_redis())
        redis = await stack.enter_async_context(connected(url))
        yield Hosts(tmp_path, redis, url, stack)


async def test_every_host_shows_it_and_the_one_that_has_the_files_sends_them(hosts: Hosts) -> None:
    a = await hosts.start("a")
    assert (await a.api.json("PUT", "/sessions/s1", json=KEPT))[0] == 201
    async with recording(a.api), a.api.http.ws_connect("/ml/stream/s1/face") as socket:
        await a.scheduler.until(lambda: S1_FACE in a.scheduler.policies)
        await socket.send_bytes(jpeg())
        a.scheduler.say(Latest(S1_FACE, "face", 1.0, 2.0, 0, {}, {}))
        await socket.receive()
        a.scheduler.find(
            "s1", "face", type="violation", name="face_absent", state="start", captured_at=time.time()
        )
        body = await a.api.until(
            "/sessions/s1/evidence", lambda body: any(e["hash"] for e in body["evidence"])
        )
    (evidence,) = body["evidence"]
    assert (evidence["host_id"], evidence["state"]) == ("a", "ready")

    b = await hosts.start("b")
    await hosts.give("s1", "b")  # as where it was published anew
    path = f"/sessions/s1/evidence/{evidence['evidence_id']}"

    async def shown() -> tuple[int, object]:
        return await b.api.json("GET", path)

    assert (await answered(shown, lambda answer: answer[0] == 200))[1] == evidence
    assert await b.api.json("GET", f"{path}/snapshot") == (200, jpeg())
    chain = (await b.api.json("GET", "/sessions/s1/evidence/chain"))[1]
    assert (chain["intact"], chain["files_elsewhere"]) == (True, [evidence["evidence_id"]])
