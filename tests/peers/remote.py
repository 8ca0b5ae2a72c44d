"""A browser's remote control: JSON commands and their answers over one WebSocket.

Chromium's DevTools protocol and WebDriver BiDi, which Firefox speaks, are alike in this.
"""

import asyncio
import itertools
import subprocess
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Protocol

import aiohttp

STARTS_WITHIN_S = 60
ANSWERS_WITHIN_S = 90  # for a machine that is busy; what waits for a page tells sooner what it waits for
MOST_TOLD = 1000


class PageError(Exception):
    """A script of the page threw, or a command failed."""


class Tab(Protocol):
    """A page, and what a person or a test does with it."""

    async def go(self, url: str) -> None:
        """Load a page, also the one that is there, as a person who reloads it."""

    async def run(self, script: str) -> Any:
        """The value of an expression, awaited if it is a promise.

        Raises:
            PageError: it threw.
        """

    async def close(self) -> None:
        """Close the tab, as a person does: the page has no time to say goodbye."""


class Remote:
    """One connection. ``told``: the last that the browser told of its own accord."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.told: deque[dict[str, Any]] = deque(maxlen=MOST_TOLD)
        self._reading = asyncio.create_task(self._read())

    async def call(self, method: str, params: dict[str, Any], **envelope: str) -> dict[str, Any]:
        """Run a command and return its result.

        Raises:
            PageError: the browser says no.
        """
        number = next(self._ids)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": params, **envelope})
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            message = await answer
        if "error" in message:
            raise PageError(message)
        result: dict[str, Any] = message["result"]
        return result

    async def close(self) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self) -> None:
        async for message in self._socket:
            content = message.json()
            if (answer := self._waiting.pop(content.get("id", 0), None)) is not None:
                answer.set_result(content)
            else:
                self.told.append(content)


class Browser:
    """A running browser. ``opened`` makes an empty tab; ``farewell`` is a command that ends a connection."""

    def __init__(self, url: str, opened: Callable[[Remote], Awaitable[Tab]], farewell: str | None) -> None:
        self._url = url
        self._opened = opened
        self._farewell = farewell

    @asynccontextmanager
    async def tab(self, url: str) -> AsyncIterator[Tab]:
        """A tab with this page; it is closed at the end, if it is still there."""
        async with aiohttp.ClientSession() as http, http.ws_connect(self._url, max_msg_size=0) as socket:
            remote = Remote(socket)
            tab = await self._opened(remote)
            try:
                await tab.go(url)
                yield tab
            finally:
                await tab.close()
                if self._farewell is not None:
                    await remote.call(self._farewell, {})
                await remote.close()


@contextmanager
def launched(
    command: Sequence[str],
    address: Callable[[], str | None],
    opened: Callable[[Remote], Awaitable[Tab]],
    farewell: str | None = None,
) -> Iterator[Browser]:
    """A browser that this command starts; ``address`` is where it listens, once it has written that."""
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        try:
            yield Browser(told(address, process), opened, farewell)
        finally:
            process.terminate()
            process.wait(STARTS_WITHIN_S)


def told(look: Callable[[], str | None], process: "subprocess.Popen[bytes]") -> str:
    """What a starting browser writes into its profile when it listens."""
    deadline = time.monotonic() + STARTS_WITHIN_S
    while (address := look()) is None:
        assert process.poll() is None, "the browser ended at once"
        assert time.monotonic() < deadline, "the browser did not come up"
        time.sleep(0.05)
    return address
