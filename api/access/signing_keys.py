"""The keys that session tokens are signed with: a new one every day, the same on all hosts.

    key of day n    makes and checks tokens ──▶│ checks them only ──▶│ gone
                    day n                      │ LONGEST_TOKEN_S    │
    key of day n+1                             makes and checks tokens …

They lie in Redis, the hosts' own or the embedded one, whose file is in the state directory. Whoever needs the
day's key first makes it, and Redis forgets it by itself. It is asked each time, so that a Redis that lost a
key, and an operator who withdrew it, has everybody agree on the next one.
"""

import re
import secrets
from typing import NamedTuple, cast

from redis.asyncio import Redis

from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.access.tokens import LONGEST_TOKEN_S

from ..events.redis_store import refused_while_away
from .shared_clock import SharedClock

DAY_S = 86_400
LEEWAY_S = 10  # how far what hosts know of Redis' clock may be apart, as after one was set anew
NAME = re.compile(r"[0-9]{1,10}")
AWAY = "The store is away, and with it the key of this token; try again in a moment."


class SigningKey(NamedTuple):
    """``name``: its day, counted from 1970; ``secret``: 32 bytes in hexadecimal."""

    name: str
    secret: str


class SigningKeys:
    """The keys, as Redis has them."""

    def __init__(self, redis: Redis, clock: SharedClock | None = None) -> None:
        self._redis = redis
        self.clock = clock or SharedClock()

    async def newest(self) -> SigningKey:
        """The key to sign with now.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        now = self.clock.now()
        day = int(now // DAY_S)
        left_s = int((day + 1) * DAY_S - now) + LONGEST_TOKEN_S + LEEWAY_S
        with refused_while_away(AWAY):
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.set(keys.signing_key(str(day)), secrets.token_hex(32), nx=True, ex=left_s)
                pipe.get(keys.signing_key(str(day)))
                _, secret = await pipe.execute()
        return SigningKey(str(day), secret.decode())

    async def find(self, name: str) -> str | None:
        """The secret of a key that a token names; None where there is none, or none any more.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        if NAME.fullmatch(name) is None:
            return None
        with refused_while_away(AWAY):
            secret = cast(bytes | None, await self._redis.get(keys.signing_key(name)))
        return None if secret is None else secret.decode()

    async def withdraw(self) -> None:
        """Forget all keys that a good token may name: no token that was made before is good any more.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        today = int(self.clock.now() // DAY_S)
        with refused_while_away(AWAY):
            await self._redis.delete(*(keys.signing_key(str(today + days)) for days in (-1, 0, 1)))
