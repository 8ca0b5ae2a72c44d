"""The event stream, as a Layer-3 service reads it: every event once and in order, across reconnects."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable
from functools import partial
from http import HTTPStatus
from urllib.parse import quote

import aiohttp
import msgspec
from yarl import URL

from argusd.scheduler.contract.events import Event, Gap
from argusd.scheduler.contract.http import backoff_s
from argusd.scheduler.contract.wording.undecodable import UNDECODABLE

from .addresses import Addresses
from .errors import StreamBroken, SubscriptionRefused, Unreachable
from .keepalive import watched_socket
from .origins import CIRCLES
from .refusal import refusal_of
from .sse import SseMessage, SseParser

log = logging.getLogger(__name__)

# The daemon sends a comment every few seconds; longer silence means that the connection is dead.
SILENCE_S = 45.0
# A lost host's session may be unknown at another one until that takes it over: so many tries, 10 s.
TRIES_ELSEWHERE = 12
LONGEST_WAIT_ELSEWHERE_S = 1.0


def subscribe(
    url: str,
    session_id: str | None = None,
    *,
    token: str | None = None,
    last_event_id: str = "",
) -> AsyncGenerator[Event | Gap, None]:
    """Yield a session's events (all sessions' without ``session_id``) for as long as the caller iterates.

    They begin behind ``last_event_id``: an event's id, ``0`` for the oldest that is kept, empty for now. Lost
    connections are made anew, with back-off, from the last event seen: nothing is lost or doubled inside the
    daemon's retention; where it is, a ``Gap`` says so. ``url`` may name several hosts (``addresses.py``):
    where one is lost, the next one goes on from there.

    Raises:
        SubscriptionRefused: the daemon says no (401, 403, 404, 422), and trying again would not help; or
            it has no room for the very first connection (429, 503), and ``retry_after_s`` says when to try.
        Unreachable: the very first connection cannot be made.
    """
    return follow(Addresses(url), session_id, token, last_event_id)


async def follow(
    addresses: Addresses, session_id: str | None, token: str | None, last_event_id: str
) -> AsyncGenerator[Event | Gap, None]:
    """What ``subscribe`` yields; ``addresses`` turns to another host where the current one is lost."""
    path = f"/sessions/{quote(session_id, safe='')}/events" if session_id else "/events"
    timeout = aiohttp.ClientTimeout(total=None, connect=10, sock_read=SILENCE_S)
    served, attempt = False, 0
    connector = aiohttp.TCPConnector(socket_factory=watched_socket)
    async with aiohttp.ClientSession(timeout=timeout, headers=bearer(token), connector=connector) as http:
        while True:
            parser = SseParser(last_event_id)
            several = len(addresses.all) > 1
            patient = served or attempt + 1 < len(addresses.all)
            passing = partial(is_passing, unknown=served and several and attempt < TRIES_ELSEWHERE)
            read = _read(http, addresses.at(path), parser, passing if patient else None)
            try:
                async with contextlib.aclosing(read) as messages:
                    async for message in messages:
                        if message is None:
                            served, attempt = True, 0
                            continue
                        yield decode_event(message)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                if not (patient or served):
                    raise Unreachable(_why_not(error, addresses)) from error
                addresses.turn()
                log.info("event stream interrupted; connecting again")
            last_event_id = parser.last_event_id
            wait_s = backoff_s(attempt)
            await asyncio.sleep(min(wait_s, LONGEST_WAIT_ELSEWHERE_S) if several else wait_s)
            attempt += 1


def _why_not(error: Exception, addresses: Addresses) -> str:
    if isinstance(error, aiohttp.TooManyRedirects):
        return CIRCLES.format(addresses.current)
    return f"no daemon answers at {', '.join(addresses.all)}"


async def _read(
    http: aiohttp.ClientSession, url: URL, parser: SseParser, passing: Callable[[int], bool] | None
) -> AsyncGenerator[SseMessage | None, None]:
    """One connection's messages; None first, when the daemon has accepted.

    ``passing`` says whether a status is not the end.
    """
    headers = {"Accept": "text/event-stream"}
    if parser.last_event_id:
        headers["Last-Event-ID"] = parser.last_event_id
    async with http.get(url, headers=headers) as response:
        if passing is not None and passing(response.status):
            response.raise_for_status()
        if response.status != 200:
            raise await refusal_of(response, SubscriptionRefused)
        yield None
        async for piece in response.content.iter_any():
            for message in parser.feed(piece):
                yield message


def is_passing(status: int, *, unknown: bool) -> bool:
    """Whether another try may be served: not up yet, draining, no room, or a session ``unknown`` so far."""
    if status == HTTPStatus.NOT_FOUND:
        return unknown
    return status == HTTPStatus.TOO_MANY_REQUESTS or status >= 500


def decode_event(message: SseMessage) -> Event | Gap:
    """The event, or the gap, that a message carries.

    Raises:
        StreamBroken: its data is neither.
    """
    try:
        if message.event == "gap":
            return msgspec.json.decode(message.data, type=Gap)
        return msgspec.json.decode(message.data, type=Event)
    except UNDECODABLE as error:
        raise StreamBroken("the daemon sent something that is not an event") from error


def bearer(token: str | None) -> dict[str, str]:
    """Request headers that carry the token, if there is one."""
    return {"Authorization": f"Bearer {token}"} if token else {}
