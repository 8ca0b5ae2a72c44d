"""A WebSocket stream from the caller's side: media go in, findings come out, across reconnects."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import ClientError, ClientWebSocketResponse, WSCloseCode, WSMessage, WSMsgType

from argusd.scheduler.contract.http import CLOSE_CODES, backoff_s
from argusd.scheduler.contract.wording.undecodable import UNDECODABLE

from .answers import error_of
from .errors import (
    AnswerLost,
    DaemonFault,
    NotConnected,
    NotNow,
    OrchestratorError,
)
from .stream_media import StreamMedia

log = logging.getLogger(__name__)

CONFLICT = 409
TOO_LARGE = 413
# After the last media their findings are still to come.
LINGER_S = 1.0

Connect = Callable[[], Awaitable[ClientWebSocketResponse]]
Finding = dict[str, Any]


async def forward(connect: Connect, media: AsyncIterable[StreamMedia]) -> AsyncGenerator[Finding, None]:
    """Send ``media`` as they come and yield the stream's findings, until the media end or the caller leaves.

    A connection that is lost once findings have come is made anew, with back-off. Media that come while there
    is none are dropped: they are live, and older ones would only be late.

    Raises:
        OrchestratorError: the daemon says no, or cannot be reached at the beginning.
    """
    line = Line(media)
    served, attempt = False, 0
    async with contextlib.aclosing(line):
        while not line.over:
            try:
                async with contextlib.aclosing(line.findings(await connect())) as findings:
                    async for finding in findings:
                        served, attempt = True, 0
                        yield finding
            except OrchestratorError as error:
                if not (served and is_passing(error)):
                    raise
                wait_s = backoff_s(attempt)
                log.info("stream interrupted (%s); connecting again in %.1f s", error.code, wait_s)
                await asyncio.sleep(wait_s)
                attempt += 1
        await line.sent()


def is_passing(error: OrchestratorError) -> bool:
    """Whether a stream that has worked may work again; a conflict is with our own lost connection."""
    return isinstance(error, NotNow | NotConnected | AnswerLost) or error.status == CONFLICT


class Line:
    """The caller's media, and the connection that they go over at present.

    ``over``: the media have come to their end, and what was to be found in them has been waited for.
    """

    def __init__(self, media: AsyncIterable[StreamMedia]) -> None:
        self.over = False
        self._media = media
        self._socket: ClientWebSocketResponse | None = None
        self._pump: asyncio.Task[None] | None = None

    async def findings(self, socket: ClientWebSocketResponse) -> AsyncGenerator[Finding, None]:
        """Send over this connection from now on, and yield what it gives until the media are over.

        Raises:
            OrchestratorError: the connection ended before them.
        """
        self._socket, refusal = socket, b""
        if self.over:  # they ended while this connection was made
            await socket.close()
            return
        if self._pump is None:
            self._pump = asyncio.create_task(self._send_all(), name="stream media")
        async for message in socket:
            finding = decode_finding(message)
            if finding.get("success") is False:
                refusal = message.data.encode()
            else:
                yield finding
        if not self.over:
            raise closing_error(socket.close_code, refusal)

    async def sent(self) -> None:
        """Raise what the caller's media raised, if they did."""
        if self._pump is not None:
            await self._pump

    async def aclose(self) -> None:
        """Stop sending and close the connection."""
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()

    async def _send_all(self) -> None:
        try:
            async for each in self._media:
                await self._send(each)
            await asyncio.sleep(LINGER_S)
        finally:
            self.over = True
            if self._socket is not None:
                await self._socket.close()

    async def _send(self, media: StreamMedia) -> None:
        # Media that never wait must not keep a lost connection from being made anew.
        await asyncio.sleep(0)
        if self._socket is None or self._socket.closed:
            return
        with contextlib.suppress(ClientError, ConnectionError):  # the receiving side tells why
            if isinstance(media, bytes):
                await self._socket.send_bytes(media)
            else:
                await self._socket.send_str(msgspec.json.encode(media).decode())


def decode_finding(message: WSMessage) -> Finding:
    """One answer of the daemon.

    Raises:
        DaemonFault: it is not a JSON object.
    """
    try:
        if message.type is WSMsgType.TEXT:
            return msgspec.json.decode(message.data, type=Finding)
    except UNDECODABLE:
        pass
    raise DaemonFault("the daemon sent something that is not a finding")


def closing_error(close_code: int | None, refusal: bytes) -> OrchestratorError:
    """Why the daemon closed a stream; ``refusal`` is the envelope that it sent before, if it did."""
    if close_code == WSCloseCode.MESSAGE_TOO_BIG:
        return error_of(TOO_LARGE, b"")
    if close_code is not None and close_code >= CLOSE_CODES:
        return error_of(close_code - CLOSE_CODES, refusal)
    return AnswerLost("the connection to the daemon broke")
