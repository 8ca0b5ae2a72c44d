"""A host's death, as the others see it: its sessions end as lost, once, and whoever holds them next goes on.

The host that takes a session over stores its end: the script that gives out claims lets one alone do so. A
publisher that comes back before that has its session taken over by the host it comes to, with the same words
(``Lifecycle.adopted``). Nobody is buried by a host whose own beats have only just come back: after Redis was
away all beats are over, and the others' come back as ours did.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable
from typing import cast

from redis.asyncio import Redis

from argusd.scheduler.contract import redis_keys as keys

from ..events.redis_store import STORE_ERRORS
from ..sessions.registry import Registry
from .beats import Beats
from .claims import Claims
from .hosts import Hosts

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5
STEADY_S = 4.0
AT_A_TIME = 8  # sessions; of the connections that requests share
LOOKS = 2  # that find a host dead before it is buried: one may have come between two of its beats


class Undertaker:
    """Takes over what dead hosts held."""

    def __init__(self, redis: Redis, hosts: Hosts, claims: Claims, registry: Registry) -> None:
        self._redis = redis
        self._beats = Beats(redis)
        self._hosts = hosts
        self._claims = claims
        self._registry = registry
        self._missed: dict[str, int] = {}

    async def run(self) -> None:
        """Look around until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if self._hosts.steady_s < STEADY_S:
                self._missed.clear()
                continue
            try:
                await self.look()
            except STORE_ERRORS as error:
                log.info("could not look for dead hosts: %s", type(error).__name__)

    async def look(self) -> None:
        """Bury who was dead at the last look as well. Raises what Redis raises."""
        self._missed = {each: self._missed.get(each, 0) + 1 for each in await self._beats.overdue()}
        for host_id in [each for each, missed in self._missed.items() if missed >= LOOKS]:
            await self.bury(host_id)

    async def bury(self, host_id: str) -> None:
        """Take over the sessions that a dead host held. Raises what Redis raises.

        Its index loses a session once whoever holds it has taken it in, so that what fails midway is tried
        again at the next look, here or by another host.
        """
        index = keys.held(host_id)
        raw_ids = await cast(Awaitable[set[bytes]], self._redis.smembers(index))
        session_ids = [raw_id.decode(errors="replace") for raw_id in raw_ids]
        random.shuffle(session_ids)  # so that those who bury together share them
        for begin in range(0, len(session_ids), AT_A_TIME):
            some = session_ids[begin : begin + AT_A_TIME]
            settled = await asyncio.gather(*(self._settle(each) for each in some))
            if done := [each for each, is_settled in zip(some, settled, strict=True) if is_settled]:
                await self._redis.srem(index, *done)
        if not await self._redis.scard(index):
            await self._beats.bury(host_id)
            log.warning("the host %s is gone; its sessions are held by others now", host_id)

    async def _settle(self, session_id: str) -> bool:
        """Take in a session of a dead host's; False while that is another host's to do."""
        claim = await self._claims.holder(session_id)
        if claim is None:
            return True  # it was released: whoever claims it takes it in
        mine = claim.host_id == self._hosts.me.host_id
        if not mine and await self._claims.take_over(session_id, claim) is None:
            return False
        await self._registry.adopt(session_id)
        return True
