"""The connections to Redis, the only store.

Each purpose has its own, so that none takes another's: the event log goes on however many read, and a request
waits in line, for a while. The embedded Redis takes 256 in all.
"""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from redis.asyncio import (
    BlockingConnectionPool,
    Connection,
    Redis,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import RedisError

from argusd.scheduler.contract.errors import StoreUnavailable

from ..errors import RedisNotStarted, RedisUrlUnusable
from ..store.troubles import SILENT, trouble

STORE_ERRORS = (RedisError, OSError, TimeoutError)
"""What a call to Redis may raise while Redis is away or hangs."""

AWAY = "The store is away; try again in a moment."

FIRST_ANSWER_S = 10.0

REQUESTS = 16
"""Connections that requests share: more would not make Redis, which does one thing at a time, any faster."""
READERS = 4
"""Connections through which all readers of events are served; see ``feeds.py``."""
TURN_WITHIN_S = 5.0
"""How long a call waits for a connection that others use, before Redis counts as away."""


class Connections(NamedTuple):
    """To one Redis: the event log's, those of events' readers, everybody else's, and the one that hears of
    other hosts' events."""

    log: Redis
    readers: Redis
    requests: Redis
    news: Redis

    async def aclose(self) -> None:
        """Close them all."""
        for each in self:
            await each.aclose()


class _Breaking(AbstractConnection):
    """A connection that may break just before it is written to.

    asyncio's own loop says so with an ``OSError``, uvloop with a ``RuntimeError`` (its issue 506), which the
    client passes on as if it were a fault of ours.
    """

    async def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        try:
            await super().send_packed_command(command, check_health)
        except RuntimeError as error:
            raise ConnectionLost("the connection to Redis has just broken") from error


class _Tcp(_Breaking, Connection): ...


class _Tls(_Breaking, SSLConnection): ...


class _Unix(_Breaking, UnixDomainSocketConnection): ...


BREAKING = {Connection: _Tcp, SSLConnection: _Tls, UnixDomainSocketConnection: _Unix}


def connect_all(url: str | Path, timeout_s: float) -> Connections:
    """The connections of one api; see ``connect``."""
    return Connections(*(connect(url, timeout_s, most) for most in (1, READERS, REQUESTS, 1)))


def connect(
    url: str | Path, timeout_s: float, most: int = REQUESTS, turn_within_s: float = TURN_WITHIN_S
) -> Redis:
    """A client for a ``redis://``, ``rediss://`` or ``unix://`` URL, or for the socket at a path.

    It has at most so many connections; a call waits for its turn, and raises a ``RedisError`` if that comes
    too late. No answer is awaited longer than ``timeout_s``, and no call is repeated by the client: a
    repeated transaction could write twice, so whoever wrote looks first at what is stored (``event_log.py``).

    Raises:
        RedisUrlUnusable: the URL is none that the client understands.
    """
    settings: dict[str, Any] = {
        "max_connections": most,
        "timeout": turn_within_s,
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "retry": Retry(NoBackoff(), 0),
    }
    if isinstance(url, Path):
        settings |= {"connection_class": _Unix, "path": str(url)}
        return Redis.from_pool(BlockingConnectionPool(**settings))
    try:
        pool = BlockingConnectionPool.from_url(url, **settings)
        pool.connection_class = BREAKING[pool.connection_class]
        # An unknown option shows where a connection is made, which does not yet connect.
        pool.make_connection()  # type: ignore[no-untyped-call]
    except (TypeError, ValueError):  # whose sentence may repeat the password
        raise RedisUrlUnusable(
            "api.redis_url has a part that is not understood: its port, or an option"
        ) from None
    return Redis.from_pool(pool)


async def wait_until_up(redis: Redis) -> None:
    """Return once a configured Redis answers and has loaded its data.

    Raises:
        RedisNotStarted: it did not within ten seconds; the sentence says why.
    """
    deadline = time.monotonic() + FIRST_ANSWER_S
    while why := await unready(redis):
        if time.monotonic() > deadline:
            raise RedisNotStarted(why)
        await asyncio.sleep(0.05)


async def unready(redis: Redis) -> str | None:
    """Why a configured Redis does not answer, for who starts a daemon; None where it does."""
    why = await silence(redis)
    return f"{why}; check api.redis_url" if why == SILENT else why


@contextlib.contextmanager
def refused_while_away(sentence: str = AWAY) -> Iterator[None]:
    """Have a request refused where Redis does not do what it needs.

    Raises:
        StoreUnavailable: Redis refuses it, as the sentence then says; or is away or hangs.
    """
    try:
        yield
    except STORE_ERRORS as error:
        raise unavailable(error, sentence) from error


def unavailable(error: BaseException, sentence: str = AWAY) -> StoreUnavailable:
    """What a request is told that Redis has kept from being answered; ``sentence``: where it is just away."""
    why = trouble(error)
    return StoreUnavailable(f"{why}; try again later." if why else sentence)


async def silence(redis: Redis) -> str | None:
    """Why Redis does not answer now; None where it does."""
    try:
        await redis.ping()
    except STORE_ERRORS as error:
        return trouble(error) or SILENT
    return None
