"""How a page looks, and whether everybody can use it."""

import base64
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from .chromium import ChromiumTab
from .installed import NODE_MODULES, require_package
from .remote import Browser

# Width and height of the window, and the colours that the visitor prefers.
LOOKS = {"light": (1280, 900, "light"), "dark": (1280, 900, "dark"), "phone": (390, 844, "light")}
SHOWN = """new Promise((done) => {
    const look = () => { const found = (%s); found ? done(found) : setTimeout(look, 50); };
    look();
})"""
FOLDER = "SCREENSHOTS"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@asynccontextmanager
async def looking(browser: Browser, url: str) -> AsyncIterator[ChromiumTab]:
    """A tab of Chromium with this page."""
    async with browser.tab(url) as tab:
        assert isinstance(tab, ChromiumTab)
        yield tab


async def shown(tab: ChromiumTab, what: str) -> str:
    """Wait until an expression of the page is something, as who looks at it does."""
    found: str = await tab.look(SHOWN % what)
    return found


async def barriers(tab: ChromiumTab, name: str) -> list[str]:
    """What axe-core finds in each look of the page; screenshots go into the folder that the variable names.

    The page keeps the last look.
    """
    require_package("axe-core")
    await tab.run((NODE_MODULES / "axe-core" / "axe.min.js").read_text() + ";undefined")
    found = []
    for look in LOOKS:
        await show(tab, look)
        if folder := os.environ.get(FOLDER):
            shot = await tab.command("Page.captureScreenshot", format="png", captureBeyondViewport=True)
            (Path(folder) / f"{name}-{look}.png").write_bytes(base64.b64decode(shot["data"]))
        report = await tab.run(f"axe.run({{ runOnly: {RULES} }})")
        found += [f"{look}: {said(each)}" for each in report["violations"]]
        wide = await tab.run("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found += [f"{look}: {wide} pixels too wide"] if wide else []
    return found


async def show(tab: ChromiumTab, look: str) -> None:
    """Look at the page in a window of this size, in these colours."""
    width, height, scheme = LOOKS[look]
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": look == "phone"}
    await tab.command("Emulation.setDeviceMetricsOverride", **size)
    colours = [{"name": "prefers-color-scheme", "value": scheme}]
    await tab.command("Emulation.setEmulatedMedia", features=colours)
    await tab.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def said(violation: dict[str, Any]) -> str:
    places = ", ".join(" ".join(map(str, node["target"])) for node in violation["nodes"])
    return f"{violation['help']}: {places}"
