"""Tickets: what a request carries in its address where it cannot carry a token.

A page's EventSource and WebSocket set no headers, and a client that is redirected to another host does not
show its token there. A ticket lets its bearer make one request (its method and path), once, within half a
minute, as the principal that asked for it. It lies in Redis until it is used, so that any host takes it, and
none twice.
"""

import re
import secrets
from typing import cast

import msgspec
from redis.asyncio import Redis

from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.errors import Unauthorized
from argusd.scheduler.contract.results import readable

from ..events.redis_store import refused_while_away

TICKET = "ticket"  # the query's parameter
LIFE_S = 30
TEXT = re.compile(r"[A-Za-z0-9_-]{43}")
NOT_VALID = "This ticket was used, has expired, or is for another request; ask for another one."


class Ticket(msgspec.Struct, frozen=True):
    """What a ticket says. ``target``: the method and path that it is for. ``avoid``: the hosts that turned
    the session away already. ``stamp``: see ``stamps.py``. ``host_id``: where the address that it is
    part of is to lead; empty: anywhere."""

    target: str
    principal: str
    avoid: tuple[str, ...] = ()
    stamp: str | None = None
    host_id: str = ""


class Tickets:
    """The tickets that are not used yet, as Redis has them."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def issue(self, ticket: Ticket) -> str:
        """The text that stands for a ticket.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        text = secrets.token_urlsafe(32)
        with refused_while_away():
            await self._redis.set(keys.ticket(text), msgspec.json.encode(ticket), ex=LIFE_S)
        return text

    async def take(self, text: str, target: str) -> Ticket:
        """What a ticket for this request says; it is used up, also where it is for another one.

        Raises:
            Unauthorized: it is none.
            StoreUnavailable: Redis does not answer.
        """
        ticket = await self._taken(text) if TEXT.fullmatch(text) else None
        if ticket is None or ticket.target != target:
            raise Unauthorized(NOT_VALID)
        return ticket

    async def _taken(self, text: str) -> Ticket | None:
        with refused_while_away():
            body = cast(bytes | None, await self._redis.getdel(keys.ticket(text)))
        return None if body is None else readable(body, Ticket)
