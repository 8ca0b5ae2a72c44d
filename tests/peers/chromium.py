"""Headless Chromium, driven over its DevTools protocol: for the few calls no driver of its own is needed."""

import contextlib
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Self

import aiohttp

from .remote import STARTS_WITHIN_S, PageError, Remote, Tab, told

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


class ChromiumTab:
    """See ``remote.Tab``."""

    def __init__(self, remote: Remote, target: str, session: str) -> None:
        self._remote = remote
        self._target = target
        self._session = session

    @classmethod
    async def opened(cls, remote: Remote) -> Self:
        """A new, empty tab."""
        target = (await remote.call("Target.createTarget", {"url": "about:blank"}))["targetId"]
        attached = await remote.call("Target.attachToTarget", {"targetId": target, "flatten": True})
        return cls(remote, target, attached["sessionId"])

    async def go(self, url: str) -> None:
        await self._remote.call("Page.navigate", {"url": url}, sessionId=self._session)
        await self.run("new Promise(done => document.readyState === 'complete' ? done() : onload = done)")

    async def run(self, script: str) -> Any:
        wanted = {"awaitPromise": True, "returnByValue": True, "userGesture": True}
        answer = await self._remote.call(
            "Runtime.evaluate", {"expression": script, **wanted}, sessionId=self._session
        )
        if "exceptionDetails" in answer:
            raise PageError(answer["exceptionDetails"])
        return answer["result"].get("value")

    async def close(self) -> None:
        with contextlib.suppress(PageError):
            await self._remote.call("Target.closeTarget", {"targetId": self._target})


class Browser:
    """A running Chromium."""

    def __init__(self, url: str) -> None:
        self._url = url

    @asynccontextmanager
    async def tab(self, url: str) -> AsyncIterator[Tab]:
        """A tab with this page; it is closed at the end, if it is still there."""
        async with aiohttp.ClientSession() as http, http.ws_connect(self._url, max_msg_size=0) as socket:
            remote = Remote(socket)
            tab = await ChromiumTab.opened(remote)
            try:
                await tab.go(url)
                yield tab
            finally:
                await tab.close()
                await remote.close()


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
            yield Browser(told(lambda: address(profile), process))
        finally:
            process.terminate()
            process.wait(STARTS_WITHIN_S)


def address(profile: Path) -> str | None:
    """Where the browser listens: the port and the path, once both are written."""
    file = profile / "DevToolsActivePort"
    lines = file.read_text().split() if file.exists() else []
    return f"ws://127.0.0.1:{lines[0]}{lines[1]}" if len(lines) == 2 else None
