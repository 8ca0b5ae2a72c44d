"""Bytes to the api over a socket of their own, as no HTTP client would send them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import msgspec

from ...waiting import LONGEST_S
from ..fixtures import RunningApi


class Answer(msgspec.Struct):
    """The first answer on a connection; without any, the status is 0."""

    status: int
    head: bytes
    body: bytes

    @property
    def code(self) -> str:
        """The envelope's error code."""
        code: str = msgspec.json.decode(self.body)["error_code"]
        return code


@contextlib.asynccontextmanager
async def connected(
    api: RunningApi, sent: bytes = b""
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection on which something was sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.config.port)
    try:
        writer.write(sent)
        await writer.drain()
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def send(api: RunningApi, sent: bytes) -> Answer:
    """Send, and read until there is an answer or the connection ends."""
    async with connected(api, sent) as (reader, _):
        return await answer(reader)


async def answer(reader: asyncio.StreamReader) -> Answer:
    """The next answer; an invitation to send the body is none."""
    async with asyncio.timeout(LONGEST_S):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return Answer(0, b"", b"")
        length = next(
            (line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0"
        )
        body = await reader.readexactly(int(length.split(b":")[1]))
    return Answer(int(head.split()[1]), head, body)
