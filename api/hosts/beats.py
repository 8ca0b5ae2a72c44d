"""How hosts that share a Redis tell each other that they are there.

A beat lives for three seconds by Redis' own clock, so that hosts' clocks need not agree. What a host costs
the Redis does not grow with their number: nobody reads the whole list unless somebody asks for it.

A host's room is what it tells, less the sessions that were placed on it and that it did not know of when it
told that: those are listed where they are placed (``claims.py``) until the host tells that it has them.
"""

from collections.abc import Awaitable, Sequence
from typing import NamedTuple, cast

import msgspec
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.commands.core import AsyncScript

from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.results import readable

LIFE_S = 3.0
LOOKED_AT = 16  # of the hosts with the most room, should some have just died
BURIED_AT_A_LOOK = 64
TAKEN_AT_A_BEAT = 1000  # sessions that it tells of: a script hands no more than some thousands on

# Milliseconds, by Redis' own clock.
NOW = """
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
"""

# KEYS: the host's beat, ml:hosts, ml:hosts:beats, what is coming to it. ARGV: its id, its beat, the beat's
# life (ms), its room ("": it takes nothing new), then sessions that have come and are not in that room any
# more. Returns the beat before this one, how many hosts are there, and the time.
BEAT = f"""{NOW}
local before = redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3], 'GET')
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now)
if #ARGV > 4 then redis.call('ZREM', KEYS[4], unpack(ARGV, 5)) end
if ARGV[4] == '' then redis.call('ZREM', KEYS[2], ARGV[1])
else redis.call('ZADD', KEYS[2], ARGV[4] - redis.call('ZCARD', KEYS[4]), ARGV[1]) end
redis.call('ZADD', KEYS[3], now + ARGV[3], ARGV[1])
return {{before, redis.call('ZCOUNT', KEYS[3], now, '+inf'), now}}
"""

# KEYS: ml:hosts:beats. ARGV: how many. Returns the hosts whose beat is over, longest first.
OVERDUE = f"""{NOW}
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. now, 'LIMIT', 0, ARGV[1])
"""


class HostView(msgspec.Struct, frozen=True):
    """A host as callers see it. ``url``: where others reach its api.

    ``room``: how many more sessions it takes; ``sessions``: how many live ones it has. ``load``: how full it
    is, 0..1. One that is ``draining`` takes nothing new.
    """

    host_id: str
    url: str
    room: int = 0
    sessions: int = 0
    load: float = 0.0
    draining: bool = False


class Host(HostView, frozen=True):
    """A host as it tells the others. ``boot``: one life of its api, a secret of the hosts: who shows a host
    its boot is one of them.
    """

    boot: str = ""

    @property
    def view(self) -> HostView:
        """What callers see of it."""
        return msgspec.convert(self, HostView, from_attributes=True)


class Heard(NamedTuple):
    """The answer to a beat: the same host's one before, if that still lived; how many hosts there are now;
    and when that is, by Redis' clock (unix seconds).
    """

    before: Host | None
    living: int
    at: float


class Beats:
    """The beats of all hosts. Every method raises what Redis raises."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._beat: AsyncScript = redis.register_script(BEAT)
        self._overdue: AsyncScript = redis.register_script(OVERDUE)

    async def begin(self, host_id: str) -> None:
        """Give a host that has just started all of its room: what was to come to its last life is over."""
        await self._redis.delete(keys.coming(host_id))

    async def tell(self, host: Host, taken: Sequence[str] = ()) -> Heard:
        """Have the host be there from now on, for three seconds.

        ``taken``: sessions that were placed on it and that are not in its room any more.
        """
        before, count, at_ms = await self._beat(*said(host, taken))
        return Heard(readable(before, Host) if before else None, int(count), at_ms / 1000)

    async def tell_in(self, pipe: Pipeline, host: Host, taken: Sequence[str] = ()) -> None:
        """The same as a command of a pipeline."""
        await self._beat(*said(host, taken), client=pipe)

    async def end(self, host_id: str) -> None:
        """Have the host be gone at once; what it holds is taken over as if it were dead."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.zrem(keys.HOSTS, host_id)
            pipe.zadd(keys.BEATS, {host_id: 0})
            pipe.delete(keys.host(host_id), keys.coming(host_id))
            await pipe.execute()

    async def overdue(self) -> list[str]:
        """Hosts whose beat is over and that nobody has buried."""
        return names(await self._overdue(keys=[keys.BEATS], args=[BURIED_AT_A_LOOK]))

    async def bury(self, host_id: str) -> None:
        """Forget a host whose beat is over."""
        await self._redis.zrem(keys.BEATS, host_id)

    async def find(self, host_id: str) -> Host | None:
        """The host, if it is there."""
        return next(iter(await self._read([host_id])), None)

    async def roomiest(self) -> list[Host]:
        """Some hosts that have room, those with the most first."""
        return await self._read(await self._ids(keys.HOSTS, LOOKED_AT))

    async def living(self) -> list[Host]:
        """All hosts that are there, by their id."""
        return await self._read(sorted(await self._ids(keys.BEATS, 0)))

    async def _ids(self, key: str, most: int) -> list[str]:
        """Of a sorted set, from the highest score down; ``most`` 0: all."""
        found = await self._redis.zrange(key, 0, most - 1, desc=True)
        return names(cast(list[bytes], found))

    async def _read(self, host_ids: list[str]) -> list[Host]:
        if not host_ids:
            return []
        bodies = await cast(
            Awaitable[list[bytes | None]], self._redis.mget([keys.host(each) for each in host_ids])
        )
        found = (readable(body, Host) for body in bodies if body)
        return [host for host in found if host is not None]


def said(host: Host, taken: Sequence[str]) -> tuple[list[str], list[str | bytes | int]]:
    """The script's keys and arguments for a host's beat."""
    room = "" if host.draining else host.room
    body = msgspec.json.encode(host)
    used = [keys.host(host.host_id), keys.HOSTS, keys.BEATS, keys.coming(host.host_id)]
    return used, [host.host_id, body, int(LIFE_S * 1000), room, *taken]


def names(raw_ids: list[bytes]) -> list[str]:
    """Ids as Redis has them, in words."""
    return [raw_id.decode(errors="replace") for raw_id in raw_ids]
