"""A Redis that does not do what it is asked: what lives goes on, and what is said tells what is wrong."""

from asyncio import timeout
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast

import aiohttp
import pytest

from ...shared_redis import connected, shared_redis
from ...waiting import LONGEST_S, answered
from ..fixtures import OFFER, SDP, EventReader
from .two import BEARER, host

USER = ("argusd", "on", "~ml:*", "resetchannels", "&ml:*", "+@all")


class Refusal(NamedTuple):
    """What makes a Redis refuse, what ends that, and what is said meanwhile."""

    begins: list[tuple[str, ...]]
    ends: tuple[str, ...]
    said: str


REFUSALS = {
    "out of memory": Refusal(
        [("CONFIG", "SET", "maxmemory", "1")], ("CONFIG", "SET", "maxmemory", "0"), "no memory left"
    ),
    "a replica": Refusal(
        [("REPLICAOF", "127.0.0.1", "1")], ("REPLICAOF", "NO", "ONE"), "a replica, which takes no writes"
    ),
    "another password": Refusal(
        [("ACL", "SETUSER", *USER, "resetpass", ">other"), ("CLIENT", "KILL", "USER", "argusd")],
        ("ACL", "SETUSER", *USER, "resetpass", ">s3cret"),
        "does not take the password",
    ),
    "fewer rights": Refusal(
        [("ACL", "SETUSER", "argusd", "-@write", "-@scripting")],
        ("ACL", "SETUSER", *USER),
        "does not let the user of api.redis_url do this",
    ),
}


@pytest.fixture
def url() -> Iterator[str]:
    with shared_redis() as url:
        yield url


@pytest.mark.usefixtures("quick_beats_and_messages_alone")
@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
async def test_what_lives_goes_on_and_why_nothing_new_is_taken_is_told(
    tmp_path: Path, url: str, refusal: Refusal
) -> None:
    async with connected(url) as admin:

        async def say(*words: str) -> None:
            await cast(Any, admin).execute_command(*words)

        await say("ACL", "SETUSER", *USER, ">s3cret")
        own = url.replace("redis://", "redis://argusd:s3cret@")
        async with (
            host(tmp_path, "a", own, "redirect") as rig,
            aiohttp.ClientSession(rig.api.url, headers=BEARER) as http,
        ):

            async def ask(method: str, path: str, **request: Any) -> tuple[int, Any, Any]:
                async with http.request(method, path, **request) as response:
                    return response.status, response.headers, await response.text()

            await answered(lambda: ask("PUT", "/sessions/s0", json={}), lambda told: told[0] in (200, 201))
            assert (await ask("POST", "/whip/s1", data=OFFER, headers=SDP))[0] == 201
            for words in refusal.begins:
                await say(*words)
            rig.scheduler.find("s1")
            for session_id in ("s2", "s0"):
                put = partial(ask, "PUT", f"/sessions/{session_id}", json={})
                told = await answered(put, lambda told: refusal.said in told[2])
                assert (told[0], int(told[1]["Retry-After"]) > 0) == (503, True)
            await answered(lambda: ask("GET", "/ready"), lambda told: refusal.said in told[2])
            assert (await ask("GET", "/sessions/s1"))[0] == 200

            await say(*refusal.ends)
            await answered(lambda: ask("PUT", "/sessions/s2", json={}), lambda told: told[0] in (200, 201))
            rig.scheduler.find("s1")
            async with timeout(LONGEST_S), http.get("/sessions/s1/events?after=0") as sse:
                seen = [data for _, _, data in await EventReader(sse).take(3)]
    assert [event["seq"] for event in seen] == [1, 2, 3]
    assert [event["data"].get("number") for event in seen[1:]] == [1, 2]
