"""Up to where a webhook has everything, in Redis, so that a next life goes on there; and who posts to it.

Of hosts that share the Redis one posts: who has the webhook's lease, for as long as it renews that. Only who
has it moves the place, so a host that was cut off cannot move it back. A host that is alone needs no lease.
"""

from typing import Protocol

from redis.asyncio import Redis

from argusd.scheduler.contract import redis_keys as keys

LEASE_MS = 10_000
RENEW_EVERY_S = 3.0

# KEYS: the lease. ARGV: who asks, and the lease's milliseconds.
TAKE = """
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
# KEYS: the lease, the place. ARGV: who has the lease, and the new place.
MOVE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[2])
return 1
"""
# KEYS: the lease. ARGV: who gives it back.
GIVE = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


class Place(Protocol):
    """One webhook's. Every call raises what Redis raises."""

    async def take(self) -> bool:
        """Post from now on, or go on to; False while another host does."""

    async def read(self) -> int | None:
        """The position up to which the receiver has everything; None before its first event."""

    async def move(self, place: int) -> bool:
        """The receiver has everything up to here; False where another host posts by now."""

    async def give(self) -> None:
        """Let another host post at once."""


class OwnPlace:
    """On the only host."""

    def __init__(self, redis: Redis, name: str) -> None:
        self._redis = redis
        self._place = keys.webhook_place(name)

    async def take(self) -> bool:
        """See ``Place``: there is nobody else."""
        return True

    async def read(self) -> int | None:
        """See ``Place``."""
        place = await self._redis.get(self._place)
        return int(place) if place is not None and place.isdigit() else None

    async def move(self, place: int) -> bool:
        """See ``Place``."""
        return bool(await self._redis.set(self._place, place))

    async def give(self) -> None:
        """See ``Place``: there is nobody else."""


class LeasedPlace(OwnPlace):
    """On one host of several, which is called ``host_id``."""

    def __init__(self, redis: Redis, name: str, host_id: str) -> None:
        super().__init__(redis, name)
        self._host_id = host_id
        self._lease = keys.webhook_lease(name)
        self._take, self._move, self._give = map(redis.register_script, (TAKE, MOVE, GIVE))

    async def take(self) -> bool:
        """See ``Place``."""
        return bool(await self._take(keys=[self._lease], args=[self._host_id, LEASE_MS]))

    async def move(self, place: int) -> bool:
        """See ``Place``."""
        return bool(await self._move(keys=[self._lease, self._place], args=[self._host_id, place]))

    async def give(self) -> None:
        """See ``Place``."""
        await self._give(keys=[self._lease], args=[self._host_id])
