"""Every page as people see it, for a person to look at: ``python -m tests.api.ui.gallery FOLDER``.

Each page in light, in dark and on a phone, with 0, 3 and 500 sessions, and as many violations to review.
Beside each picture it prints when something was first painted and when the page had what it shows, how many
requests it sent in its busiest second, what axe-core finds, and what the console says. How long something
takes depends on the machine and is for a person to judge: only axe-core and the console make it fail.
"""

import asyncio
import contextlib
import itertools
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

from ...peers import chromium
from ...peers.browsing import LOOKS, page, picture, seen, violations
from ...peers.remote import Browser
from ..fixtures import Rig, running_rig
from .crowd import arrive, name, work

COUNTS = (0, 3, 500)
UNLIMITED = {"whip_posts_per_minute": 100_000}
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
BUSIEST = """(() => {
    const starts = performance.getEntriesByType('resource')
        .filter(({initiatorType}) => initiatorType === 'fetch').map(({startTime}) => startTime);
    return Math.max(0, ...starts.map((from) => starts.filter((at) => at >= from && at < from + 999).length));
})()"""
MANY = "document.querySelectorAll('SELECTOR').length === COUNT"


class Page(NamedTuple):
    """``shows``: an expression of the page, true once it shows all that it has of so many sessions."""

    path: str
    shows: str


def pages(count: int) -> dict[str, Page]:
    """All of them. Nobody's review is that of no session."""
    listed = MANY.replace("SELECTOR", "#sessions li").replace("COUNT", str(min(count, 20)))
    reviewed = MANY.replace("SELECTOR", "#violations li").replace("COUNT", str(count))
    charts = "document.querySelector('#ages polyline[points]:not([points=\"\"])')"
    return {
        "dashboard": Page("/", f"{listed} && document.getElementById('device').innerText === 'cpu'"),
        "review": Page(f"/review?session={name(0)}" if count else "/review", reviewed),
        "operations": Page("/operations", charts if count else "document.querySelector('#models tr')"),
        "try": Page("/try", "document.querySelector('#streams input')"),
        "docs": Page("/docs", "document.querySelector('#get_sessions')"),
    }


async def main(folder: Path) -> int:
    """How many pictures are of pages with barriers, or with errors in the console."""
    folder.mkdir(parents=True, exist_ok=True)
    poor = 0
    with tempfile.TemporaryDirectory() as place:
        nothing = Path(place) / "nothing"
        with chromium.running(Path(place) / "chromium", nothing, nothing) as browser:
            for count in COUNTS:
                own = Path(place) / str(count)
                own.mkdir()
                async with running_rig(own, **UNLIMITED) as rig, working(rig, count):
                    await arrive(rig, count)
                    for each, looks in itertools.product(pages(count).items(), LOOKS):
                        file = folder / f"{each[0]}-{count}-{looks}.png"
                        poor += not await is_fine(browser, rig, each[1], looks, file)
    return poor


@contextlib.asynccontextmanager
async def working(rig: Rig, sessions: int) -> AsyncIterator[None]:
    """The scheduler runs batches for these sessions meanwhile."""

    async def run() -> None:
        for second in itertools.count(1):
            work(rig, 20 * sessions * second)
            await asyncio.sleep(1)

    running = asyncio.create_task(run())
    try:
        yield
    finally:
        running.cancel()


async def is_fine(browser: Browser, rig: Rig, wanted: Page, looks: str, file: Path) -> bool:
    """Whether everybody can read the page; takes the picture and prints what is to be known of it."""
    theme, size = LOOKS[looks]
    async with page(browser, f"{rig.api.url}{wanted.path}", theme, size) as tab:
        complete = await seen(tab, f"({wanted.shows}) && performance.now()")
        file.write_bytes(await picture(tab))
        found = [*await violations(tab), *await tab.troubles()]
        painted, requests = await tab.run(PAINTED), await tab.run(BUSIEST)
    told = f"painted {painted:.0f} ms, complete {complete:.0f} ms, {requests} requests a second at most"
    print("\n    ".join([f"{file.name}: {told}", *map(str, found)]), flush=True)
    return not found


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1]))))
