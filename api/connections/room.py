"""Requests' bodies: room for them, and how fast they must come.

Room is taken as bytes arrive, not as a head promises them: for each client (its token, or else its address)
and in all. It is given back when the request is answered. Where none is left, a body that has brought nothing
for a while makes room for one that comes; if there is no such body, the request is refused.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator

from aiohttp import web

from argusd.scheduler.contract.errors import BodyTooLarge, MalformedBody, Overloaded, RequestTimeout

from ..config import ApiConfig

QUIET_S = 1.0  # without a byte; then a body's room may go to another
SHARE = 0.75  # of all room that one client may have


class Room:
    """What all bodies take together. ``held``: bytes."""

    def __init__(self, config: ApiConfig) -> None:
        self.held = 0
        self.config = config
        self._most = config.max_task_bytes
        self._by_client: Counter[str] = Counter()
        self._bodies: set[Body] = set()

    @contextlib.contextmanager
    def body(self) -> "Iterator[Body]":
        """Room for a request's body. Leaving the context gives it back."""
        body = Body(self)
        self._bodies.add(body)
        try:
            yield body
        finally:
            self._bodies.discard(body)
            body.give_back()

    def take(self, size: int, client: str) -> None:
        """Take room.

        Raises:
            Overloaded: there is none, and no quiet body has any.
        """
        while self._by_client[client] + size > SHARE * self._most:
            own = [body for body in self._bodies if body.client == client]
            _end_a_quiet_one(own, "Your requests hold as much as they may; try again in a moment.")
        while self.held + size > self._most:
            sentence = "The daemon holds as many requests as it may; try again in a moment."
            _end_a_quiet_one(self._bodies, sentence)
        self.held += size
        self._by_client[client] += size

    def give_back(self, size: int, client: str) -> None:
        """Give room back."""
        self.held -= size
        self._by_client[client] -= size
        if not self._by_client[client]:
            del self._by_client[client]


def _end_a_quiet_one(bodies: "Iterable[Body]", sentence: str) -> None:
    """End the body that has been quiet for longest.

    Raises:
        Overloaded: none is; ``sentence`` says so.
    """
    quiet = [body for body in bodies if body.quiet]
    if not quiet:
        raise Overloaded(sentence)
    min(quiet, key=lambda body: body.last).end()


class Body:
    """One request's body. ``client``: whose it is. ``last``: when it brought anything, monotonic seconds."""

    def __init__(self, room: Room) -> None:
        self.client = ""
        self.last = time.monotonic()
        self._room = room
        self._size = 0
        self._ended = False
        self._waiting: asyncio.Timeout | None = None  # None while it does not come
        self._kept: bytes | None = None

    @property
    def quiet(self) -> bool:
        """Whether it holds room, ought to come, and brings nothing."""
        return self._waiting is not None and self._size > 0 and time.monotonic() - self.last >= QUIET_S

    async def read(self, request: web.Request, limit: int, client: str) -> bytes:
        """All of it, for this client; every ``body_timeout_s`` must bring ``min_body_bytes``.

        Raises:
            BodyTooLarge: it has more than ``limit`` bytes, or says that it will have.
            RequestTimeout: it comes too slowly.
            MalformedBody: it breaks off, or is not coded as its head says.
            Overloaded: there is no room for it.
        """
        if self._kept is not None:
            return self._kept
        self.client = client
        if (request.content_length or 0) > limit:
            raise BodyTooLarge(f"The body may have {limit} bytes.")
        data = bytearray()
        try:
            await invite(request)
            while not request.content.at_eof():
                before = len(data)
                await self._read_on(request, data, limit)
                slow = len(data) - before < self._room.config.min_body_bytes
                if self._ended or (slow and not request.content.at_eof()):
                    raise RequestTimeout("The body comes too slowly.")
        except (web.RequestPayloadError, ConnectionError) as error:
            raise MalformedBody("The body breaks off, or is not coded as the request says.") from error
        return bytes(data)

    async def kept(self, request: web.Request, limit: int, client: str) -> bytes:
        """All of it as ``read`` gives it, which gives it once more then: it may have to be sent on."""
        if self._kept is None:
            self._kept = await self.read(request, limit, client)
        return self._kept

    async def _read_on(self, request: web.Request, data: bytearray, limit: int) -> None:
        """Read to the end, or for as long as it takes to judge how fast it comes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._room.config.body_timeout_s) as self._waiting:
                while chunk := await request.content.readany():
                    self._room.take(len(chunk), self.client)
                    self._size += len(chunk)
                    self.last = time.monotonic()
                    data += chunk
                    if len(data) > limit:
                        raise BodyTooLarge(f"The body may have {limit} bytes.")
        self._waiting = None

    def end(self) -> None:
        """Give its room to another, and stop waiting for it."""
        self.give_back()
        self._ended = True
        if self._waiting is not None:
            self._waiting.reschedule(0)
            self._waiting = None

    def give_back(self) -> None:
        """Give its room back."""
        self._room.give_back(self._size, self.client)
        self._size = 0


async def invite(request: web.Request) -> None:
    """Say that the body may come, to who asks first (RFC 9110, 10.1.1)."""
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
