"""A person tries the camera: opens the page, starts, leaves the picture, and is told so."""

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

from argusd.daemon.demo.scenes import empty_room
from argusd.interviewer_bridge.events import subscribe
from argusd.scheduler.contract.events import Event

from ..live_daemon import Daemon
from ..waiting import answered
from . import chromium
from .chromium import ChromiumTab
from .installed import require_program
from .looks import barriers, looking, shown
from .media import FPS, Scene, write_camera
from .remote import Browser

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.weights, pytest.mark.timeout(300)]

AWAY_S = 6
ABSENT = (
    "[...document.querySelectorAll('#violations li')].find((each) => each.innerText.includes('face absent'))"
)


@pytest.fixture(scope="module")
def leaving(seen: Scene, site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium, before whose camera somebody sits, leaves the room and comes back, over and over."""
    require_program("chromium")
    folder = tmp_path_factory.mktemp("leaving")
    away = [empty_room(number / FPS) for number in range(AWAY_S * FPS)]
    write_camera(Scene([*seen.pictures, *away], seen.sound), folder / "camera.mjpeg")
    with chromium.running(folder / "chromium", folder / "camera.mjpeg", site / "microphone.wav") as browser:
        yield browser


async def test_who_leaves_the_picture_is_told_so(daemon: Daemon, leaving: Browser) -> None:
    async with looking(leaving, f"{daemon.url}/try") as tab:
        await shown(tab, "document.querySelectorAll('#streams input:checked').length === 4")
        assert await barriers(tab, "try-off") == []
        await press(tab, "start")
        await shown(
            tab, "document.querySelector('#overlay .person') && document.querySelector('#overlay .mesh')"
        )
        await shown(tab, "document.querySelector('#overlay .gaze')")
        assert await barriers(tab, "try-live") == []
        await shown(tab, f"{ABSENT}?.innerText.includes('told after')")
        await shown(tab, f"{ABSENT}.className !== 'open'")
        assert await text(tab, "delay") != "–"
        assert await barriers(tab, "try-violation") == []
        await check_told(daemon, (await sessions(daemon))[0]["session_id"])
        await press(tab, "stop")
        await answered(partial(sessions, daemon), lambda told: [each["state"] for each in told] == ["closed"])
        await press(tab, "forget")
        await shown(tab, "document.getElementById('none').checkVisibility()")
        await answered(partial(sessions, daemon), lambda told: told == [])
        assert await tab.troubles() == []


async def test_a_page_that_may_not_have_the_camera_says_what_to_do(daemon: Daemon, leaving: Browser) -> None:
    async with looking(leaving, f"{daemon.url}/try") as tab:
        for error, words in (
            ("NotAllowedError", "Allow it beside the page's address"),
            ("NotFoundError", "show a file"),
            ("NotReadableError", "another program"),
        ):
            refused = f"async () => {{ throw new DOMException('', '{error}'); }}"
            await tab.run(f"navigator.mediaDevices.getUserMedia = {refused}; undefined")
            await press(tab, "start")
            assert words in await shown(tab, "document.querySelector('#problem:not([hidden])')?.innerText")
        assert await sessions(daemon) == []


async def test_a_daemon_without_room_is_told_in_words(daemon: Daemon, leaving: Browser) -> None:
    async with looking(leaving, f"{daemon.url}/try") as tab:
        await tab.run("""
            const real = fetch;
            const full = { success: false, error_code: "overloaded", error: "No further session fits." };
            window.fetch = async (url, asked) =>
                asked.method === "POST" ? Response.json(full, { status: 503 }) : real(url, asked);
            undefined""")
        await press(tab, "start")
        assert "no room" in await shown(tab, "document.querySelector('#problem:not([hidden])')?.innerText")


async def press(tab: ChromiumTab, button: str) -> None:
    await shown(tab, f"(document.getElementById('{button}').click(), true)")


async def text(tab: ChromiumTab, place: str) -> str:
    return await shown(tab, f"document.getElementById({json.dumps(place)}).textContent")


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
    assert names >= {"live", "face", "video", "speech", "face_absent"}


async def sessions(daemon: Daemon) -> list[dict[str, Any]]:
    """The sessions that this page began."""
    listed = (await get(daemon, "/sessions"))["sessions"]
    return [each for each in listed if each["session_id"].startswith("try-")]


async def get(daemon: Daemon, path: str) -> Any:
    async with aiohttp.ClientSession(daemon.url) as http, http.get(path) as answer:
        return await answer.json()
