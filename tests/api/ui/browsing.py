"""A page in Chromium, as people see it: light or dark, on a desk or on a phone, and by a screen reader."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ...peers.chromium import ChromiumTab
from ...peers.installed import NODE_MODULES
from ...peers.remote import Browser

AXE = NODE_MODULES / "axe-core" / "axe.min.js"
DESK, PHONE = (1280, 900), (390, 844)


@asynccontextmanager
async def page(
    browser: Browser, url: str, theme: str = "dark", size: tuple[int, int] = DESK
) -> AsyncIterator[ChromiumTab]:
    """The page in a tab of its own."""
    async with browser.tab("about:blank") as tab:
        assert isinstance(tab, ChromiumTab)
        width, height = size
        device = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == PHONE}
        await tab.command("Emulation.setDeviceMetricsOverride", **device)
        scheme = [{"name": "prefers-color-scheme", "value": theme}]
        await tab.command("Emulation.setEmulatedMedia", features=scheme)
        await tab.go(url)
        yield tab


SEEN = """new Promise((done, never) => {
    const look = () => {
        const value = CONDITION;
        if (value) { watch.disconnect(); done(value); }
    };
    const watch = new MutationObserver(look);
    watch.observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
    setTimeout(() => never(new Error("it still says: " + document.body.innerText)), 60_000);
    look();
})"""


async def seen(tab: ChromiumTab, condition: str) -> Any:
    """The value of an expression once it is true; it is looked at again whenever the page has changed."""
    return await tab.look(SEEN.replace("CONDITION", condition))


async def violations(tab: ChromiumTab) -> list[Any]:
    """What axe-core finds against WCAG A and AA, and by its own best practice."""
    await tab.run(AXE.read_text() + "; 0")
    found = await tab.run("axe.run().then(({violations}) => violations)")
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]


async def picture(tab: ChromiumTab) -> bytes:
    """The whole page as a PNG."""
    shot = await tab.command("Page.captureScreenshot", captureBeyondViewport=True)
    return base64.b64decode(shot["data"])


async def press(tab: ChromiumTab, key: str) -> None:
    """Press a key and let it go."""
    await tab.command("Input.dispatchKeyEvent", type="keyDown", key=key, text=key if len(key) == 1 else "")
    await tab.command("Input.dispatchKeyEvent", type="keyUp", key=key)
