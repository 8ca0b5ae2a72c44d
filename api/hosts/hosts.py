"""The hosts that share a Redis: each beats every second, and one that no longer does is not there.

A host's beat lives for three seconds. While Redis does not take ours we are cut off: the others hold us for
dead by then, so nothing new is taken here until they can see us again.
"""

import asyncio
import logging
import math
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple, cast

import msgspec
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.results import readable

from ..events.redis_store import STORE_ERRORS

log = logging.getLogger(__name__)

BEAT_EVERY_S, BEAT_WITHIN_S, LIFE_S = 1.0, 0.5, 3.0


class Host(msgspec.Struct, frozen=True):
    """A host as it tells the others. ``url``: where they reach its api. ``boot``: one life of that api.

    ``room``: how many more sessions it takes; ``sessions``: how many live ones it has. ``load``: how full it
    is, 0..1. One that is ``draining`` takes nothing new.
    """

    host_id: str
    url: str
    boot: str = ""
    room: int = 0
    sessions: int = 0
    load: float = 0.0
    draining: bool = False


class HostsView(msgspec.Struct, frozen=True):
    """The body of ``/hosts``: those that are there, by their id; none where this host is alone."""

    hosts: list[Host]


class State(NamedTuple):
    """What a host tells of itself at a beat; ``room`` is None while nobody there knows."""

    room: int | None
    sessions: int
    draining: bool


class Hosts:
    """This host among the others. ``state`` is asked at every beat."""

    def __init__(self, redis: Redis, host_id: str, url: str, state: Callable[[], State]) -> None:
        self._redis = redis
        self._state = state
        self._host_id, self._url, self._boot = host_id, url.rstrip("/"), secrets.token_hex(8)
        self._living: dict[str, Host] = {}
        self._beaten_at = self._steady_since = -math.inf
        self.me = self._told()

    @property
    def cut_off(self) -> bool:
        """Whether the other hosts cannot see us."""
        return time.monotonic() - self._beaten_at > LIFE_S

    @property
    def steady_s(self) -> float:
        """For how long our beats have come without a break."""
        return 0.0 if self.cut_off else time.monotonic() - self._steady_since

    def living(self) -> list[Host]:
        """The hosts that were there at the newest beat, by their id; this one among them."""
        return sorted(self._living.values(), key=lambda host: host.host_id)

    def find(self, host_id: str) -> Host | None:
        """The host, if it was there at the newest beat."""
        return self._living.get(host_id)

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            began = time.monotonic()
            await self.beat()
            await asyncio.sleep(max(0.0, began + BEAT_EVERY_S - time.monotonic()))

    async def beat(self) -> None:
        """Tell that this host is there, and read which others are. Never fails."""
        self.me, now = self._told(), time.monotonic()  # from now on it lives, whenever the answer comes
        try:
            async with asyncio.timeout(BEAT_WITHIN_S):
                await self._tell()
                self._living = await read(self._redis)
        except STORE_ERRORS as error:
            if self._beaten_at + LIFE_S > time.monotonic():
                log.warning("Redis does not take this host's beat: %s", type(error).__name__)
            return
        if self.cut_off:
            self._steady_since = now
        self._beaten_at = now

    async def leave(self) -> None:
        """Take this host off the list: it is about to end. Never fails."""
        try:
            async with asyncio.timeout(BEAT_WITHIN_S), self._redis.pipeline(transaction=True) as pipe:
                pipe.zrem(keys.HOSTS, self._host_id)
                pipe.delete(keys.host(self._host_id))
                await pipe.execute()
        except STORE_ERRORS:
            log.info("this host leaves without Redis knowing; its beat ends by itself")

    def _told(self) -> Host:
        room, sessions, draining = self._state()
        left = 0 if draining else max(0, room or 0)
        load = sessions / (sessions + left) if sessions + left else 1.0
        return Host(self._host_id, self._url, self._boot, left, sessions, round(load, 3), draining)

    async def _tell(self) -> None:
        async with self._redis.pipeline(transaction=True) as pipe:
            tell(pipe, self.me)
            await pipe.execute()


def tell(pipe: Pipeline, host: Host) -> None:
    """A host's beat, as commands of a pipeline."""
    pipe.set(keys.host(host.host_id), msgspec.json.encode(host), px=int(LIFE_S * 1000))
    if host.draining:
        pipe.zrem(keys.HOSTS, host.host_id)
    else:
        pipe.zadd(keys.HOSTS, {host.host_id: host.room})
    pipe.sadd(keys.ALL_HOSTS, host.host_id)


async def read(redis: Redis) -> dict[str, Host]:
    """The hosts whose beat is there, by their id. Raises what Redis raises."""
    found = (readable(body, Host) for body in (await beats(redis)).values() if body)
    return {host.host_id: host for host in found if host is not None}


async def beats(redis: Redis) -> dict[str, bytes | None]:
    """The newest beat of every host that is known, by its id; None where that is over.

    Raises what Redis raises.
    """
    known = await cast(Awaitable[set[bytes]], redis.smembers(keys.ALL_HOSTS))
    host_ids = sorted(raw_id.decode(errors="replace") for raw_id in known)
    bodies = await redis.mget([keys.host(each) for each in host_ids]) if host_ids else []
    return dict(zip(host_ids, cast(list[bytes | None], bodies), strict=True))
