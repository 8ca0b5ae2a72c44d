"""One client's connection, and what it may cost before anybody knows who that is.

aiohttp's own connection waits an hour for a head, and answers bytes that are no HTTP with a library's words
and a traceback that quotes them. This one gives every step its time, and every refusal the envelope:

    opened ──first bytes──▶ head ──complete──▶ being answered ──answer taken──▶ idle ──first bytes──▶ head …
      head_timeout_s       head_timeout_s      (the handler's)   idle_timeout_s
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import LineTooLong
from aiohttp.typedefs import Handler

from argusd.scheduler.contract.errors import (
    HeadTooLarge,
    MalformedRequest,
    RequestTimeout,
    ServiceError,
)
from argusd.scheduler.contract.http import ErrorReply, authority
from argusd.scheduler.contract.logs.tracebacks import log_fault
from argusd.scheduler.contract.wording.reasons import reason_of

from ..config import ApiConfig
from ..errors import CannotListen
from ..http.envelope import refusal
from .access_log import AccessLog
from .clients import Clients

log = logging.getLogger(__name__)

LONGEST_HEAD = 64 << 10
MOST_FIELDS = 64
READ_SIZE = 64 << 10  # half of what a connection may hold of a body that nobody reads
LINGERING_S = 5.0  # for the rest of a body whose answer is sent: who still sends it does not see the answer
GOODBYE_S = 2.0
HEAD_ENDS = b"\r\n\r\n"
MALFORMED = "This is not valid HTTP/1.1."


class Connection(web.RequestHandler):
    """A connection that ends when its client lets it wait.

    ``_head``: what has come of a head that is awaited; None while none is, and once it is complete.
    """

    __slots__ = ("_clients", "_config", "_head", "_timer")

    def __init__(self, server: web.Server, config: ApiConfig, clients: Clients) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(
            server,
            loop=loop,
            access_log_class=AccessLog,
            auto_decompress=False,
            keepalive_timeout=config.idle_timeout_s,
            lingering_time=LINGERING_S,
            max_headers=MOST_FIELDS,
            read_bufsize=READ_SIZE,
        )
        self._clients = clients
        self._config = config
        self._head: bytes | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come: its first request must, too."""
        super().connection_made(transport)
        self._head = b""
        self._wait(self._config.head_timeout_s)
        self._clients.add(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """The client has left, or was sent away."""
        self._wait(None)
        self._clients.remove(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, unless it makes a head too long."""
        if self._head is not None and data:
            if not self._head:
                self._wait(self._config.head_timeout_s)
            self._head += data[: LONGEST_HEAD + 1]
            if HEAD_ENDS in self._head:
                self._head = None
            elif len(self._head) > LONGEST_HEAD:
                self._refuse(HeadTooLarge(f"The head of a request has at most {LONGEST_HEAD} bytes."))
                return
        super().data_received(data)

    def head_came(self) -> None:
        """A request is there: from now on its handler says how long it takes."""
        self._head = None
        self._wait(None)
        self._clients.work(self)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send the answer, then wait for the next request. A client that does not take it is cut off."""
        if isinstance(resp, web.HTTPException) and isinstance(resp, Exception):
            resp = self.handle_error(request, resp.status)
        try:
            async with asyncio.timeout(self._config.slow_consumer_s):
                sent = await super().finish_response(request, resp, start_time)
        except TimeoutError:
            self.end()
            return resp, True
        # The rest of a body that nobody reads is no head.
        self._head = b"" if request.content.is_eof() else None
        self._wait(self._config.idle_timeout_s)
        if self.transport is not None:
            self._clients.wait(self)
        return sent

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - a library's, with what was sent in it
    ) -> web.StreamResponse:
        """The envelope for what never got as far as a handler; nothing of what was sent is repeated.

        Raises:
            ConnectionError: part of another answer is sent already.
        """
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun")
        error: ServiceError = MalformedRequest(MALFORMED)
        if isinstance(exc, LineTooLong):
            error = HeadTooLarge("A line of the request's head is too long.")
        elif status >= 500:
            error = ServiceError()
            if exc is not None:
                log_fault(log, "a request failed", exc)
        response = refusal(ErrorReply(error_code=error.code, error=str(error)), error)
        response.force_close()
        return response

    def log_exception(self, *args: Any, **kw: Any) -> None:  # noqa: ARG002 - its words
        """What aiohttp would log with a traceback that quotes the client."""
        fault = kw.get("exc_info")
        if isinstance(fault, BaseException) and not isinstance(fault, web.RequestPayloadError):
            log_fault(log, "a connection failed", fault)

    def end(self) -> None:
        """End the connection, whether or not its client takes what is still to be sent."""
        self._clients.remove(self)
        if transport := self.transport:
            self.force_close()
            transport.abort()

    def _wait(self, within_s: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = None if within_s is None else loop.call_later(within_s, self._late)

    def _late(self) -> None:
        if self._head:
            self._refuse(RequestTimeout("The head of the request did not come in time."))
        else:
            self.end()

    def _refuse(self, error: ServiceError) -> None:
        """Answer without a request, and end the connection."""
        self._head = None
        body = msgspec.json.encode(ErrorReply(error_code=error.code, error=str(error)))
        head = (
            f"HTTP/1.1 {error.status} {error.code}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        if transport := self.transport:
            transport.write(head.encode() + body)
            self.force_close()
            asyncio.get_running_loop().call_later(GOODBYE_S, transport.abort)


@web.middleware
async def head_came(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Tell the connection that its request is complete; the outermost middleware."""
    if isinstance(request.protocol, Connection):
        request.protocol.head_came()
    return await handler(request)


@contextlib.asynccontextmanager
async def listening(runner: web.AppRunner, config: ApiConfig) -> AsyncIterator[None]:
    """Take connections at the configured address. Leaving the context takes no more; those there stay.

    Raises:
        CannotListen: the address cannot be had.
    """
    server = runner.server
    assert server is not None
    loop = asyncio.get_running_loop()
    clients = Clients(config.max_connections)
    try:
        listener = await loop.create_server(
            lambda: Connection(server, config, clients), config.host, config.port
        )
    except OSError as error:
        where = authority(config.host, config.port)
        raise CannotListen(f"cannot listen on {where} ({reason_of(error)})") from error
    try:
        yield
    finally:
        listener.close()
