"""A TLS server before one without: what comes is deciphered and passed on."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from .certificates import self_signed

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@contextlib.asynccontextmanager
async def behind_tls(folder: Path, connect: Callable[[], Awaitable[Streams]]) -> AsyncIterator[int]:
    """Its port at localhost; ``connect`` connects to the other. The folder gets its certificate.pem."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(folder))

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await connect()
        await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))

    async with await asyncio.start_server(pass_on, "127.0.0.1", 0, ssl=context) as front:
        yield front.sockets[0].getsockname()[1]


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with contextlib.suppress(OSError, ssl.SSLError):
            while data := await reader.read(4096):
                writer.write(data)
            writer.close()
            await writer.wait_closed()
    finally:
        writer.transport.abort()  # nobody waits any more for what the other side leaves open
