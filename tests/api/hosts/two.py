"""Two apis with a Redis in common; each of them answers for both."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import msgspec
from redis.asyncio import Redis

from argusd.api.config import Token
from argusd.api.hosts.beats import Beats
from argusd.scheduler.contract import redis_keys as keys

from ...waiting import answered
from ..fixtures import Rig, one_of_several, running_rig

BEARER = {"Authorization": "Bearer secret"}


class Two(NamedTuple):
    """``other`` holds the session s1; ``door`` is where clients ask."""

    door: Rig
    other: Rig
    http: aiohttp.ClientSession
    redis: Redis

    async def ask(self, rig: Rig, method: str, path: str, **request: Any) -> tuple[int, Any, Any]:
        headers = {**BEARER, **request.pop("headers", {})}
        url = rig.api.url + path
        async with self.http.request(method, url, headers=headers, **request) as response:
            is_json = response.content_type == "application/json"
            body = await response.json() if is_json else await response.text()
            return response.status, response.headers, body

    async def sessions_of(self, rig: Rig) -> list[str]:
        """The sessions that a host has itself, as it tells the others."""
        cluster = rig.api.config.cluster
        assert cluster
        told = await Beats(self.redis).find(cluster.host_id)
        relayed = {"X-Argusd-Relayed": told.boot if told else ""}
        _, _, listed = await self.ask(rig, "GET", "/sessions", headers=relayed)
        return [each["session_id"] for each in listed["sessions"]]


@contextlib.asynccontextmanager
async def host(directory: Path, host_id: str, redis_url: str, whip: Any, url: str = "") -> AsyncIterator[Rig]:
    """One of them. ``url``: where others are to reach it, be it wrong; else where it is."""
    settings = one_of_several(host_id, redis_url, whip)
    if url:
        settings["cluster"] = msgspec.structs.replace(settings["cluster"], url=url)
    tokens = (Token("secret"), Token("slow", requests_per_minute=2))
    (directory / host_id).mkdir()
    async with running_rig(directory / host_id, tokens=tokens, **settings) as rig:
        yield rig


@contextlib.asynccontextmanager
async def two_hosts(directory: Path, redis: Redis, redis_url: str, whip: str) -> AsyncIterator[Two]:
    """Both are ready, and know each other."""
    async with (
        host(directory, "a", redis_url, whip) as door,
        host(directory, "b", redis_url, whip) as other,
        aiohttp.ClientSession() as http,
    ):
        two = Two(door, other, http, redis)
        await ready(two)
        yield two


async def ready(two: Two) -> None:
    """Return once both hosts know of each other's room; ``other`` holds s1 from then on."""
    for rig in (two.door, two.other):
        rig.scheduler.tell_stats()

    async def rooms() -> list[Any]:
        told = [await two.ask(each, "GET", "/hosts") for each in (two.door, two.other)]
        return [[host["room"] for host in body["hosts"]] for _, _, body in told]

    await answered(rooms, lambda told: told == [[4, 4], [4, 4]])
    await two.redis.hset(keys.holder("s1"), mapping={"host": "b", "epoch": 1})
