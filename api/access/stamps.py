"""Stamps: what ends a session's tokens and tickets when the session is deleted.

Each of them carries the session's stamp, a random text that lies in Redis. Deleting a session takes the stamp
away first: what was given to its pages is then good for nothing, not even for making the session anew.
"""

import secrets
from typing import cast

from redis.asyncio import Redis

from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.access.tokens import LONGEST_TOKEN_S
from argusd.scheduler.contract.errors import Unauthorized

from ..events.redis_store import refused_while_away
from .grants import Grant
from .signing_keys import LEEWAY_S

LIFE_S = LONGEST_TOKEN_S + LEEWAY_S  # counted from the last token or ticket
OVER = "This token ended with its session, which was deleted; ask the service that gave it for another one."


class Stamps:
    """The sessions' stamps, as Redis has them."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def of(self, session_id: str) -> str:
        """The stamp for a token or ticket that is made now.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        key = keys.stamp(session_id)
        with refused_while_away():
            async with self._redis.pipeline() as pipe:
                pipe.set(key, secrets.token_urlsafe(16), nx=True)
                pipe.getex(key, ex=LIFE_S)
                _, stamp = await pipe.execute()
        return cast(bytes, stamp).decode()

    async def check(self, grant: Grant) -> None:
        """Let in who shows no stamp, or the one that the session still has.

        Raises:
            Unauthorized: the session was deleted since the token or ticket was made.
            StoreUnavailable: Redis does not answer.
        """
        if grant.session_id is None or grant.stamp is None:
            return
        with refused_while_away():
            stamp = cast(bytes | None, await self._redis.get(keys.stamp(grant.session_id)))
        if stamp is None or stamp.decode() != grant.stamp:
            raise Unauthorized(OVER)

    async def end(self, session_id: str) -> None:
        """No token and no ticket that the session has by now is good any more.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        with refused_while_away():
            await self._redis.delete(keys.stamp(session_id))
