"""Passes requests on to another host and their answers back, as they are.

The other host sees the same bearer, and decides about scopes and sessions as if it had been asked itself; the
request was counted here. Requests have been read as far as their paths allow; an answer may have
``MOST_ANSWER`` bytes. What a proxy has to drop is dropped (RFC 9110, 7.6.1), and what every host adds by
itself.

A host's address (``cluster.url``) may lead to another one, as that of a load balancer does. Who gets what is
meant for somebody else answers 421 (RFC 9110, 15.5.20) and says who it is, so that nothing goes in circles.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence

import aiohttp
from aiohttp import hdrs, web
from yarl import URL

from argusd.scheduler.contract.errors import HostUnreachable
from argusd.scheduler.contract.http import HOST_HEADER
from argusd.scheduler.contract.logs.trace_context import TRACE_HEADER, TRACEPARENT

from ..access.admitted import GRANT, target
from ..access.bearer import token_of
from ..access.tickets import TICKET, Ticket, Tickets
from .beats import Host

log = logging.getLogger(__name__)

RELAYED = "X-Argusd-Relayed"
"""Header of a relayed request: whoever gets it answers it, and sends it no further. It shows the boot of the
host that it goes to, which the hosts alone know: a request that shows it was counted where it came first."""

MISDIRECTED = 421

REFUSED = "X-Argusd-Refused"
"""Header of the 503 to a relayed WebSocket's handshake, whose body cannot be read: the error's code."""

CONNECT_S, TURN_S = 1.0, 5.0
MOST_CONNECTIONS = 1024
MOST_ANSWER = 64 << 20
PASSED_ON = (
    *("Accept", "Content-Type", "User-Agent"),
    *("If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Range"),
)
DROPPED = frozenset(
    (
        *("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
        *("content-length", "date", "server", "vary"),
    )
)
AWAY = "The host that holds this session does not answer; try again in a moment."
ASTRAY = "The address of the host that holds this session leads to another one; its cluster.url is wrong."


class NotReached(HostUnreachable):
    """Nothing was sent there, so that another host may be asked instead."""


class Relay:
    """Connections to the other hosts, which are kept. ``tickets``: those that take a request there.

    ``requests``, ``sockets``: those that are passed on just now.
    """

    def __init__(self, tickets: Tickets) -> None:
        self._tickets = tickets
        self._session: aiohttp.ClientSession | None = None
        self.requests = self.sockets = 0

    @property
    def http(self) -> aiohttp.ClientSession:
        """The client. Made at the first request, in the loop that serves."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=MOST_CONNECTIONS),
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("Accept-Encoding", "User-Agent"),
                auto_decompress=False,
            )
        return self._session

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def address(self, host: Host, request: web.Request) -> URL:
        """The same path and query, at another host; where a ticket let the request in, with a fresh one."""
        if TICKET in request.query:
            return await self.onward(host, request)
        return url_at(host, request)

    async def onward(self, host: Host, request: web.Request, avoid: Sequence[str] = ()) -> URL:
        """The address with a ticket for this request, in the name of who was let in here."""
        grant = request[GRANT]
        ticket = Ticket(target(request), grant.principal, tuple(avoid), grant.stamp, host.host_id)
        return url_at(host, request).update_query({TICKET: await self._tickets.issue(ticket)})

    async def pass_on(self, host: Host, request: web.Request, body: bytes, within_s: float) -> web.Response:
        """The host's answer to the request.

        Raises:
            NotReached: nothing was sent there.
            HostUnreachable: no answer came, or none in time; what became of the request is not known.
        """
        timeout = aiohttp.ClientTimeout(total=within_s, connect=TURN_S, sock_connect=CONNECT_S)
        self.requests += 1
        try:
            async with self.http.request(
                request.method,
                await self.address(host, request),
                data=body or None,
                headers=headers_for(host, request),
                allow_redirects=False,
                timeout=timeout,
            ) as answer:
                if answer.status == MISDIRECTED:
                    raise astray(host, answer.headers)
                if answer.status < 200:  # nobody asked for another protocol
                    raise HostUnreachable(AWAY)
                response = web.Response(status=answer.status, body=await read_up_to(answer, MOST_ANSWER))
                if request.method == hdrs.METH_HEAD and (length := answer.headers.get("Content-Length")):
                    response.headers["Content-Length"] = length
                for name, value in passed_back(answer.headers):
                    response.headers.add(name, value)
                return response
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotReached(AWAY) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise HostUnreachable(AWAY) from error
        finally:
            self.requests -= 1


def url_at(host: Host, request: web.Request) -> URL:
    """The same path and query, at another host."""
    return URL(host.url + request.rel_url.raw_path_qs, encoded=True)


def astray(host: Host, answered: Mapping[str, str]) -> HostUnreachable:
    """What it means that whoever answers at a host's address is not meant: another host, or its next life."""
    found = answered.get(HOST_HEADER, host.host_id)
    if found == host.host_id:
        return HostUnreachable(AWAY)
    log.error("the cluster.url of %s, %s, leads to %s", host.host_id, host.url, found)
    return HostUnreachable(ASTRAY)


def passed_back(answered: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The headers of an answer that are for the client, not for this connection alone."""
    named = answered.get("Connection", "").lower().split(",")
    dropped = DROPPED.union(name.strip() for name in named)
    for name, value in answered.items():
        if name.lower() not in dropped and not name.lower().startswith("access-control-"):
            yield name, value


def headers_for(host: Host, request: web.Request) -> Mapping[str, str]:
    """What the other host is told of the request."""
    told = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
    if traceparent := TRACEPARENT.get() or request.headers.get(TRACE_HEADER):
        told[TRACE_HEADER] = traceparent
    if (token := token_of(request.headers)) is not None:
        told["Authorization"] = f"Bearer {token}"
    before = request.headers.getall("X-Forwarded-For", [])
    told["Accept-Encoding"] = "identity"  # without it any coding would do, and not every client knows each
    return {**told, RELAYED: host.boot, "X-Forwarded-For": ", ".join([*before, request.remote or "unknown"])}


async def read_up_to(answer: aiohttp.ClientResponse, most: int) -> bytes:
    """The answer's body.

    Raises:
        HostUnreachable: it has more bytes than that.
    """
    found = bytearray()
    async for chunk in answer.content.iter_any():
        found += chunk
        if len(found) > most:
            raise HostUnreachable("The host that holds this session answers at too great a length.")
    return bytes(found)
