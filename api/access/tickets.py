"""Tickets: what a redirect to another host carries, since clients do not show their bearer token there.

A ticket lets its bearer make one request (its method and path) at one host, within half a minute, as the
principal that was let in where it comes from: offer a session's media, or open its WebSocket. It is a JSON
Web Token (HS256). All hosts sign with one key, which lies in the Redis that they share: it is asked for each
time, so that a Redis that lost it has them agree on the next one.
"""

import secrets
import time

import jwt
import msgspec
from redis.asyncio import Redis

from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.errors import StoreUnavailable, Unauthorized

from ..events.redis_store import STORE_ERRORS

TICKET = "ticket"  # the query's parameter
LIFE_S = 30
LEEWAY_S = 10.0  # how far the hosts' clocks may be apart
ALGORITHM = "HS256"
REQUIRED = ["aud", "exp"]
NOT_VALID = "This ticket has expired, or is for another request or host; ask again where you first did."


class Ticket(msgspec.Struct, frozen=True):
    """What a ticket says. ``target``: the method and path that it is for. ``avoid``: the hosts that turned
    the session away already."""

    target: str
    principal: str
    avoid: tuple[str, ...] = ()


class Tickets:
    """Signs tickets for other hosts, and reads those for this one."""

    def __init__(self, redis: Redis, host_id: str) -> None:
        self._redis = redis
        self._host_id = host_id

    async def sign(self, ticket: Ticket, host_id: str) -> str:
        """A ticket for a host.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        claims = {**msgspec.to_builtins(ticket), "aud": host_id, "exp": time.time() + LIFE_S}
        return jwt.encode(claims, await self._key(), ALGORITHM)

    async def read(self, text: str, target: str) -> Ticket:
        """What a ticket for this request and host says.

        Raises:
            Unauthorized: it is none.
            StoreUnavailable: Redis does not answer.
        """
        key = await self._key()
        try:
            claims = jwt.decode(
                text, key, [ALGORITHM], {"require": REQUIRED}, audience=self._host_id, leeway=LEEWAY_S
            )
            ticket = msgspec.convert(claims, Ticket)
        except (jwt.PyJWTError, msgspec.ValidationError):
            raise Unauthorized(NOT_VALID) from None
        if ticket.target != target:
            raise Unauthorized(NOT_VALID)
        return ticket

    async def _key(self) -> str:
        """The hosts' key, made by whoever needs it first."""
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.set(keys.TICKET_KEY, secrets.token_hex(32), nx=True)
                pipe.get(keys.TICKET_KEY)
                _, key = await pipe.execute()
        except STORE_ERRORS as error:
            raise StoreUnavailable("The store is away; try again in a moment.") from error
        text: str = key.decode()
        return text
