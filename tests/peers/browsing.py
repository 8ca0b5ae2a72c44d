"""A page in Chromium, as people see it: light or dark, on a desk or on a phone, and by a screen reader."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from .chromium import ChromiumTab
from .installed import NODE_MODULES
from .remote import Browser

AXE = NODE_MODULES / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DESK, PHONE, NARROW = (1280, 900), (390, 844), (320, 640)  # the last: a desk's at 400 % (WCAG 1.4.10)


class Look(NamedTuple):
    """The colours that a visitor prefers, and the window's width and height."""

    theme: str
    size: tuple[int, int]


LOOKS = {"light": Look("light", DESK), "dark": Look("dark", DESK), "phone": Look("light", PHONE)}


@asynccontextmanager
async def page(
    browser: Browser, url: str, theme: str = "dark", size: tuple[int, int] = DESK
) -> AsyncIterator[ChromiumTab]:
    """The page in a tab of its own."""
    async with browser.tab("about:blank") as tab:
        assert isinstance(tab, ChromiumTab)
        await show(tab, Look(theme, size))
        await tab.go(url)
        yield tab


async def show(tab: ChromiumTab, look: Look) -> None:
    """Have the page look so from now on."""
    width, height = look.size
    device = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": look.size == PHONE}
    await tab.command("Emulation.setDeviceMetricsOverride", **device)
    await tab.command("Emulation.setScrollbarsHidden", hidden=True)
    scheme = [{"name": "prefers-color-scheme", "value": look.theme}]
    await tab.command("Emulation.setEmulatedMedia", features=scheme)


SEEN = """new Promise((done, never) => {
    const until = performance.now() + 60_000;
    const look = () => {
        const value = CONDITION;
        if (value) done(value);
        else if (performance.now() > until) never(new Error("it still says: " + document.body.innerText));
        else setTimeout(look, 50);
    };
    look();
})"""


async def seen(tab: ChromiumTab, condition: str) -> Any:
    """The value of an expression once it is true."""
    return await tab.look(SEEN.replace("CONDITION", condition))


async def violations(tab: ChromiumTab) -> list[Any]:
    """What axe-core finds against WCAG 2.2, A and AA, and by its own best practice."""
    await tab.run(AXE.read_text() + "; 0")
    found = await tab.run(f"axe.run({{runOnly: {RULES}}}).then(({{violations}}) => violations)")
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]


async def barriers(tab: ChromiumTab) -> list[Any]:
    """What axe-core finds in each look of the page, and where it is too wide; the last look stays."""
    found = []
    for name, look in LOOKS.items():
        await show(tab, look)
        await tab.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        found += [(name, each) for each in await violations(tab)]
        wide = await tab.run("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found += [(name, f"{wide} pixels too wide")] if wide else []
    return found


async def picture(tab: ChromiumTab) -> bytes:
    """The whole page as a PNG."""
    shot = await tab.command("Page.captureScreenshot", captureBeyondViewport=True)
    return base64.b64decode(shot["data"])


async def fill(tab: ChromiumTab, field: str, value: str) -> None:
    """Have this field, by its id, hold the value."""
    await tab.run(
        f"document.getElementById('{field}').value = '{value}';"
        f"document.getElementById('{field}').dispatchEvent(new Event('input', {{bubbles: true}}))"
    )


async def press(tab: ChromiumTab, key: str) -> None:
    """Press a key and let it go."""
    await tab.command("Input.dispatchKeyEvent", type="keyDown", key=key, text=key if len(key) == 1 else "")
    await tab.command("Input.dispatchKeyEvent", type="keyUp", key=key)
