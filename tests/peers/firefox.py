"""Headless Firefox, driven over WebDriver BiDi (W3C), which it speaks itself."""

import contextlib
import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Self

from .remote import Browser, PageError, Remote, launched

PREFERENCES: dict[str, bool | int | str] = {
    # Pages are given a camera and a microphone without being asked about it.
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    # Nothing is looked up or fetched beside what the tests serve.
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.region.network.url": "",
    "browser.safebrowsing.downloads.remote.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.search.update": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.push.connection.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": False,
}


class FirefoxTab:
    """See ``remote.Tab``."""

    def __init__(self, remote: Remote, context: str) -> None:
        self._remote = remote
        self._context = context

    @classmethod
    async def opened(cls, remote: Remote) -> Self:
        """A new, empty tab."""
        await remote.call("session.new", {"capabilities": {}})
        return cls(remote, (await remote.call("browsingContext.create", {"type": "tab"}))["context"])

    async def go(self, url: str) -> None:
        where = {"context": self._context, "url": url, "wait": "complete"}
        await self._remote.call("browsingContext.navigate", where)

    async def run(self, script: str) -> Any:
        # A value comes as JSON, since BiDi describes what it is made of.
        expression = f"(async () => JSON.stringify((await ({script})) ?? null))()"
        wanted = {"awaitPromise": True, "userActivation": True, "target": {"context": self._context}}
        answer = await self._remote.call("script.evaluate", {"expression": expression, **wanted})
        if answer["type"] == "exception":
            raise PageError(answer["exceptionDetails"])
        return json.loads(answer["result"]["value"])

    async def close(self) -> None:
        with contextlib.suppress(PageError):
            await self._remote.call("browsingContext.close", {"context": self._context})


def running(profile: Path) -> AbstractContextManager[Browser]:
    """A browser with a profile of its own."""
    profile.mkdir()
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines))
    command = [
        "firefox-esr",
        "--headless",
        "--no-remote",
        "--profile",
        str(profile),
        "--remote-debugging-port=0",
    ]
    # It takes one connection at a time.
    return launched(command, lambda: address(profile), FirefoxTab.opened, "session.end")


def address(profile: Path) -> str | None:
    """Where the browser listens, once it is written."""
    file = profile / "WebDriverBiDiServer.json"
    with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
        server = json.loads(file.read_text())
        return f"ws://{server['ws_host']}:{server['ws_port']}/session"
    return None
