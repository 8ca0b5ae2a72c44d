"""Somebody tries the camera and leaves the picture; a reviewer looks why, decides, exports and deletes.

How many seconds pass from the first frame without a face to the violation on the page stands at the end of a
run, under "measured".
"""

import asyncio
import csv
import json
from collections.abc import Iterator
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema_rs
import msgspec
import pytest
from redis.asyncio import Redis

from argusd.daemon.demo.scenes import empty_room
from argusd.interviewer_bridge.events import subscribe
from argusd.scheduler.contract.events import Event

from ..live_daemon import Daemon
from ..waiting import answered
from . import chromium
from .browsing import barriers, page, seen
from .chromium import ChromiumTab
from .installed import require_program
from .media import FPS, Scene, write_camera
from .remote import Browser

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.weights, pytest.mark.timeout(300)]

AWAY_S = 6
ABSENT = "[...document.querySelectorAll('#violations li')].find((each) => each.innerText.includes('absent'))"
# The empty room is brown at the bottom, where the desk stands: so frames tell when the first without a face
# was taken. The page tells when the violation stands there. Both are unix milliseconds, by the page's clock.
CLOCK = """
    const dot = new OffscreenCanvas(1, 1).getContext("2d");
    let empty = true;
    const look = (now, { captureTime = now }) => {
        dot.drawImage(preview, preview.videoWidth / 2, preview.videoHeight * 0.95, 1, 1, 0, 0, 1, 1);
        const [red, green, blue] = dot.getImageData(0, 0, 1, 1).data;
        const nobody = red < 120 && blue < green && green < red;
        const live = document.getElementById("state").textContent === "live";
        if (live && nobody && !empty) window.leftAt = performance.timeOrigin + captureTime;
        empty = nobody;
        preview.requestVideoFrameCallback(look);
    };
    const preview = document.getElementById("preview");
    preview.requestVideoFrameCallback(look);
    new MutationObserver(([{ target }]) => {
        const told = target.firstElementChild.innerText.includes("absent");
        if (told && window.leftAt) window.secondsToSee ??= (Date.now() - leftAt) / 1000;
    }).observe(document.getElementById("violations"), { childList: true });
"""


@pytest.fixture(scope="module")
def leaving(seen: Scene, site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium, before whose camera somebody sits, leaves the room and comes back, over and over."""
    require_program("chromium")
    folder = tmp_path_factory.mktemp("leaving")
    away = [empty_room(number / FPS) for number in range(AWAY_S * FPS)]
    write_camera(Scene([*seen.pictures, *away], seen.sound), folder / "camera.mjpeg")
    with chromium.running(folder / "chromium", folder / "camera.mjpeg", site / "microphone.wav") as browser:
        yield browser


async def test_from_a_camera_to_a_violation_its_evidence_its_review_and_nothing_left(
    daemon: Daemon, leaving: Browser, state_dir: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    async with page(leaving, f"{daemon.url}/try") as tab:
        await seen(tab, "document.querySelectorAll('#streams input:checked').length === 4")
        assert await barriers(tab) == []

        await tab.run(f"{{ {CLOCK} }}")
        await press(tab, "start")
        await seen(tab, "['person', 'mesh', 'gaze'].every((name) => overlay.querySelector('.' + name))")
        review = await seen(tab, f"{ABSENT}?.querySelector('a[href*=review]').href")
        seconds = float(await seen(tab, "window.secondsToSee"))
        request.node.user_properties.append(("measured", f"{seconds:.1f} s from leaving the picture to /try"))
        assert await barriers(tab) == []
        await seen(tab, f"{ABSENT}.className !== 'open'")

        session_id = review.partition("session=")[2].partition("&")[0]
        await check_told(daemon, session_id)
        assert await tab.troubles() == []
        await decide(leaving, review, session_id, tmp_path)
        assert "ended from elsewhere" in await seen(tab, "document.querySelector('#problem').innerText")
        assert await barriers(tab) == []
    await check_nothing_left(daemon, session_id, state_dir)


async def decide(browser: Browser, review: str, session_id: str, downloads: Path) -> None:
    """See the picture and the clip, acknowledge the violation, export all, and delete it."""
    async with page(browser, review) as tab:
        await tab.command("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))
        await seen(tab, "document.querySelector('#evidence video')?.poster.startsWith('blob:')")
        await tab.run("document.querySelector('#evidence video').play()")
        await seen(tab, "document.querySelector('#evidence video').currentTime > 0.2")
        await tab.run("document.querySelector('[data-state=acknowledged]').click()")
        await seen(tab, "document.getElementById('judged').innerText.includes('acknowledged')")
        for kind in ("csv", "json"):
            await press(tab, kind)
            await answered(partial(there, downloads / f"{session_id}.{kind}"), bool)
        assert await tab.troubles() == []
        await press(tab, "delete")
        await tab.run("document.querySelector('#sure .danger').click()")
        await seen(tab, "document.getElementById('state').innerText === 'gone'")
    lines = csv.DictReader((downloads / f"{session_id}.csv").read_text().splitlines())
    assert ("face_absent", "acknowledged") in [(line["violation"], line["review"]) for line in lines]
    exported = json.loads((downloads / f"{session_id}.json").read_text())["violations"]
    assert any(each["review"] and each["review"]["state"] == "acknowledged" for each in exported)


async def check_nothing_left(daemon: Daemon, session_id: str, state_dir: Path) -> None:
    """Neither the daemon, nor its Redis, nor a file of its has anything of the session."""
    async with aiohttp.ClientSession(daemon.url) as http:
        for path in ("", "/events", "/results", "/report", "/evidence"):
            assert (await http.get(f"/sessions/{session_id}{path}")).status == 404, path
        listed = (await (await http.get("/sessions")).json())["sessions"]
        assert session_id not in [each["session_id"] for each in listed]
    async with Redis(unix_socket_path=str(state_dir / "redis" / "redis.sock")) as redis:
        assert [key async for key in redis.scan_iter(f"*{session_id}*")] == []
    assert not (state_dir / "evidence" / session_id).exists()
    await answered(partial(asyncio.to_thread, files_with, session_id, state_dir), lambda files: files == [])


def files_with(session_id: str, folder: Path) -> list[Path]:
    """The files that hold a session's id."""
    files = [each for each in folder.rglob("*") if each.is_file()]
    return [each for each in files if session_id.encode() in each.read_bytes()]


async def press(tab: ChromiumTab, button: str) -> None:
    await seen(tab, f"(document.getElementById('{button}').click(), true)")


async def there(file: Path) -> bool:
    return await asyncio.to_thread(file.exists)


async def check_told(daemon: Daemon, session_id: str) -> None:
    """Its events and its results are what /openapi.json says."""
    document = await get(daemon, "/openapi.json")
    check = jsonschema_rs.validator_for(document | {"$ref": "#/components/schemas/Results"}).validate
    check(await get(daemon, f"/sessions/{session_id}/results"))
    check = jsonschema_rs.validator_for(document | {"$ref": "#/components/schemas/Event"}).validate
    names = set()
    async with aclosing(subscribe(daemon.url, session_id, last_event_id="0")) as events:
        async for event in events:
            check(msgspec.to_builtins(event))
            assert isinstance(event, Event)
            names.add(event.name)
            if (event.name, event.state) == ("face_absent", "end"):
                break
    assert names >= {"live", "face", "video", "face_absent"}


async def get(daemon: Daemon, path: str) -> Any:
    async with aiohttp.ClientSession(daemon.url) as http, http.get(path) as answer:
        return await answer.json()
