"""Headless Chromium, driven over the DevTools protocol: no driver of its own is needed for the few calls."""

import asyncio
import contextlib
import itertools
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Self

import aiohttp

STARTS_WITHIN_S = 60
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # tests run as root in containers
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    # Nothing is looked up or fetched beside what the tests serve.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    # Several tabs publish at once; none of them is in front.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--remote-debugging-port=0",
)


class PageError(Exception):
    """A script of the page threw."""


class Connection:
    """One DevTools connection: commands and their answers; events are not needed and dropped."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reading = asyncio.create_task(self._read())

    async def call(self, method: str, session: str | None = None, **params: object) -> dict[str, Any]:
        """Run a command in a session (the browser's own if None) and return its result."""
        number = next(self._ids)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        command = {"id": number, "method": method, "params": params}
        await self._socket.send_json(command | ({"sessionId": session} if session else {}))
        message = await answer
        if "error" in message:
            raise PageError(message["error"]["message"])
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


class Tab:
    """A page, and the scripts that a test runs in it."""

    def __init__(self, connection: Connection, target: str, session: str) -> None:
        self._connection = connection
        self._target = target
        self._session = session

    @classmethod
    async def opened(cls, connection: Connection, url: str) -> Self:
        """A new tab with this page, loaded."""
        target = (await connection.call("Target.createTarget", url="about:blank"))["targetId"]
        attached = await connection.call("Target.attachToTarget", targetId=target, flatten=True)
        tab = cls(connection, target, attached["sessionId"])
        await tab.go(url)
        return tab

    async def go(self, url: str) -> None:
        """Load a page, also the one that is there, as a person who reloads it."""
        await self._connection.call("Page.navigate", self._session, url=url)
        await self.run("new Promise(done => document.readyState === 'complete' ? done() : onload = done)")

    async def run(self, script: str) -> Any:
        """The value of an expression, awaited if it is a promise.

        Raises:
            PageError: it threw.
        """
        answer = await self._connection.call(
            "Runtime.evaluate",
            self._session,
            expression=script,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        if "exceptionDetails" in answer:
            raise PageError(answer["exceptionDetails"]["exception"].get("description", "?"))
        return answer["result"].get("value")

    async def close(self) -> None:
        """Close the tab, as a person does: the page has no time to say goodbye."""
        with contextlib.suppress(PageError):
            await self._connection.call("Target.closeTarget", targetId=self._target)


class Browser:
    """A running Chromium."""

    def __init__(self, url: str) -> None:
        self._url = url

    @asynccontextmanager
    async def tab(self, url: str) -> AsyncIterator[Tab]:
        """A tab with this page; it is closed at the end, if it is still there."""
        async with aiohttp.ClientSession() as http, http.ws_connect(self._url, max_msg_size=0) as socket:
            connection = Connection(socket)
            tab = await Tab.opened(connection, url)
            try:
                yield tab
            finally:
                await tab.close()
                await connection.close()


@contextmanager
def running(profile: Path, camera: Path, microphone: Path, *flags: str) -> Iterator[Browser]:
    """A browser whose camera (MJPEG) and microphone (WAV) play these files over and over."""
    command = [
        "chromium",
        *FLAGS,
        *flags,
        f"--user-data-dir={profile}",
        f"--use-file-for-fake-video-capture={camera}",
        f"--use-file-for-fake-audio-capture={microphone}",
    ]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        try:
            yield Browser(debugger_url(profile, process))
        finally:
            process.terminate()
            process.wait(STARTS_WITHIN_S)
            shutil.rmtree(profile, ignore_errors=True)


def debugger_url(profile: Path, process: "subprocess.Popen[bytes]") -> str:
    """Where the browser listens; it writes the port and the path into its profile when it is up."""
    told = profile / "DevToolsActivePort"
    deadline = time.monotonic() + STARTS_WITHIN_S
    while not (told.exists() and len(lines := told.read_text().split()) == 2):
        assert process.poll() is None, "Chromium ended at once"
        assert time.monotonic() < deadline, "Chromium did not come up"
        time.sleep(0.05)
    return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
