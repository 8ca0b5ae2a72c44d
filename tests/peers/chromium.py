"""Headless Chromium, driven over its DevTools protocol: for the few calls no driver of its own is needed."""

import contextlib
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Self

from .remote import Browser, PageError, Remote, launched

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

# The page that is left may still be there to be asked, and is complete.
COMPLETE = """new Promise(done => {
    const look = () => !window.isLeft && document.readyState === 'complete' ? done() : setTimeout(look, 10);
    look();
})"""
LEFT = ("Inspected target navigated or closed", "Execution context was destroyed")


class PageLeft(PageError):
    """Another page was loaded before a script of this one had its answer."""


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
        await self.look("window.isLeft = true")
        await self.command("Page.navigate", url=url)
        await self.look(COMPLETE)

    async def run(self, script: str) -> Any:
        wanted = {"awaitPromise": True, "returnByValue": True, "userGesture": True}
        try:
            answer = await self.command("Runtime.evaluate", expression=script, **wanted)
        except PageError as error:
            if any(words in str(error) for words in LEFT):
                raise PageLeft(error) from None
            raise
        if "exceptionDetails" in answer:
            raise PageError(answer["exceptionDetails"])
        return answer["result"].get("value")

    async def look(self, script: str) -> Any:
        """Like ``run``, for what only looks: where the page is left meanwhile, the next one is asked."""
        while True:
            with contextlib.suppress(PageLeft):
                return await self.run(script)

    async def command(self, method: str, **params: Any) -> dict[str, Any]:
        """A command of the DevTools protocol."""
        return await self._remote.call(method, params, sessionId=self._session)

    async def troubles(self) -> list[str]:
        """What the page's console has of errors since the page was loaded."""
        for domain in ("Runtime", "Log"):  # each tells anew what it has
            await self.command(f"{domain}.disable")
            await self.command(f"{domain}.enable")
        told = [each for each in self._remote.told if each.get("sessionId") == self._session]
        return [text for each in told if (text := trouble(each["method"], each["params"]))]

    async def close(self) -> None:
        with contextlib.suppress(PageError):
            await self._remote.call("Target.closeTarget", {"targetId": self._target})


def trouble(method: str, told: dict[str, Any]) -> str:
    """What an event of the DevTools protocol says of an error; empty for any other."""
    if method == "Runtime.exceptionThrown":
        return str(told["exceptionDetails"].get("exception", told["exceptionDetails"]))
    if method == "Runtime.consoleAPICalled" and told["type"] in ("error", "assert"):
        return str(told["args"])
    if method == "Log.entryAdded" and told["entry"]["level"] == "error":
        return f"{told['entry']['text']} {told['entry'].get('url', '')}"
    return ""


def running(profile: Path, camera: Path, microphone: Path, *flags: str) -> AbstractContextManager[Browser]:
    """A browser whose camera (MJPEG) and microphone (WAV) play these files over and over."""
    command = [
        "chromium",
        *FLAGS,
        *flags,
        f"--user-data-dir={profile}",
        f"--use-file-for-fake-video-capture={camera}",
        f"--use-file-for-fake-audio-capture={microphone}",
    ]
    return launched(command, lambda: address(profile), ChromiumTab.opened)


def address(profile: Path) -> str | None:
    """Where the browser listens: the port and the path, once both are written."""
    file = profile / "DevToolsActivePort"
    lines = file.read_text().split() if file.exists() else []
    return f"ws://127.0.0.1:{lines[0]}{lines[1]}" if len(lines) == 2 else None
