"""Pictures in the documents, as the pages are now: ``python -m tests.peers.screenshots [FOLDER]``.

A whole daemon watches somebody drawn who leaves the room for a while, before Chromium's camera.
"""

import asyncio
import io
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from argusd.daemon.config import load_config
from argusd.daemon.demo.scenes import empty_room
from argusd.scheduler.zoo.store import ZooStore

from ..drawn_person import Picture, breathing, person
from ..live_daemon import started
from . import chromium
from .browsing import page, picture, press, seen
from .chromium import ChromiumTab
from .media import FPS, Scene, write_camera, write_microphone
from .remote import Browser

DOCS = Path(__file__).parents[2] / "docs"
SESSION = "interview-7"
THERE_S, AWAY_S = 16, 8
RATE = 48_000
HISS = 30.0
COLOURS = 256
CONTROLS_FADE_S = 3.0  # so long a video's controls show that it was loaded
FINE = 40_000_000  # bits a second of its camera
MEASURED = "['rate', 'age'].every((figure) => document.getElementById(figure).innerText !== '–')"
LOW, HIGH = (1280, 720), (1280, 1400)
LIST = "[...document.querySelectorAll('#violations li')]"
LISTED = f"{LIST}.filter((each) => !each.innerText.includes('goes on')).length"


def pictures() -> Iterator[Picture]:
    """Somebody looks ahead, aside for some seconds, and ahead again; then nobody is there."""
    ahead, aside = person(), person(-1.0)
    for number in range(THERE_S * FPS):
        at_s = number / FPS
        yield breathing(aside if 8 <= at_s < 12 else ahead, at_s)
    for number in range(AWAY_S * FPS):
        yield empty_room(number / FPS)


async def main(folder: Path) -> None:
    """Take all of them."""
    ZooStore(load_config().cache_dir).pull(["live"])
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        hiss = np.random.default_rng(7).normal(0, HISS, (THERE_S + AWAY_S) * RATE).astype(np.int16)
        scene = Scene([*pictures()], hiss)
        write_camera(scene, place / "camera.mjpeg", FINE)
        write_microphone(scene, place / "microphone.wav")
        (place / "state").mkdir()
        with (
            started(place / "state") as daemon,
            chromium.running(place / "c", place / "camera.mjpeg", place / "microphone.wav") as browser,
        ):
            await take(browser, daemon.url, folder)


async def take(browser: Browser, url: str, folder: Path) -> None:
    """The pages, while the session goes on."""
    async with page(browser, f"{url}/try?session={SESSION}", size=LOW) as tab:
        await seen(tab, "document.querySelectorAll('#streams input:checked').length === 4")
        await tab.run("document.getElementById('start').click()")
        await seen(tab, f"{LISTED} > 2")
        async with page(browser, f"{url}/review?session={SESSION}", size=HIGH) as review:
            await seen(review, f"{LISTED} > 2")
            await decide(review)
            await save(review, folder / "review.png")
        async with page(browser, url, size=LOW) as dashboard:
            await seen(dashboard, f"{MEASURED} && document.querySelector('.scene .person')")
            await save(dashboard, folder / "dashboard.png")
        there = "['person', 'mesh', 'gaze'].every((name) => overlay.querySelector('.' + name))"
        await seen(tab, f"{there} && facts.innerText.includes('1 face')")
        await save(tab, folder / "try.png")


async def decide(tab: ChromiumTab) -> None:
    """Acknowledge the first violation; then see what was found in the picture of one who looks away."""
    await tab.run("comment.value = 'reads from a sheet', reviewer.value = 'Ada'")
    await press(tab, "a")
    await seen(tab, "document.getElementById('judged').innerText")
    await tab.run(f"{LIST}.find((each) => each.innerText.includes('gaze away')).firstChild.click()")
    await seen(
        tab, "document.querySelector('#evidence video')?.readyState === HTMLMediaElement.HAVE_ENOUGH_DATA"
    )
    await seen(
        tab, "document.querySelector('#evidence video').networkState === HTMLMediaElement.NETWORK_IDLE"
    )
    await press(tab, "b")
    await seen(tab, "document.querySelector('.overlay:not([hidden]) .person')")
    await asyncio.sleep(CONTROLS_FADE_S)


async def save(tab: ChromiumTab, file: Path) -> None:
    """What the window shows, in few colours: a small file."""
    shown = Image.open(io.BytesIO(await picture(tab)))
    shown.convert("RGB").quantize(COLOURS).save(file, optimize=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS))
