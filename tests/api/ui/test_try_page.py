"""The page that tries a camera, where something is amiss: it says what happened, and what can be done.

What is found before a camera shows ``tests/peers/test_from_camera_to_review.py``.
"""

import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from argusd.api.config import Token
from argusd.ingest.ipc.messages import SessionState
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import Latest, RoleStatus

from ...peers import chromium
from ...peers.browsing import NARROW, page, seen, violations
from ...peers.chromium import ChromiumTab
from ...peers.installed import require_package, require_program
from ...peers.media import FPS, Scene, write_camera, write_clip, write_microphone
from ...peers.remote import Browser
from ...waiting import answered
from ..fakes import FakeScheduler
from ..fixtures import Rig, RunningApi, make_config, running_ingest

pytestmark = pytest.mark.browser

SERVICE = {"Authorization": "Bearer service"}
SAID = "document.querySelector('#problem:not([hidden])')?.innerText"
STATE = "document.getElementById('state').textContent"
# A script can take no device away: it says what the browser says then.
UNPLUGGED = "preview.srcObject.getVideoTracks()[0].dispatchEvent(new Event('ended'))"

# A browser that asks its visitor, who says yes by ``allow()``.
ASKING = """{
    const take = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wanted) => {
        await new Promise((allow) => { window.allow = allow; });
        return (window.taken = await take(wanted));
    };
}"""
# A browser for which whatever is answered leads to a connection.
CONNECTED = """{
    Object.defineProperty(RTCPeerConnection.prototype, "connectionState", { get: () => "connected" });
    RTCPeerConnection.prototype.setRemoteDescription = async () => {};
}"""


@pytest.fixture(scope="module")
def colours() -> Scene:
    """Something to be seen and heard."""
    rng = np.random.default_rng(15)
    pictures = [np.full((480, 640, 3), rng.integers(0, 255, 3), np.uint8) for _ in range(2 * FPS)]
    return Scene(pictures, rng.normal(0, 3000, 2 * 48_000).astype(np.int16))


@pytest.fixture(scope="module")
def showing(colours: Scene, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium with a camera, a microphone, and a screen that its visitor shares when asked."""
    require_program("chromium")
    require_package("axe-core")
    folder = tmp_path_factory.mktemp("showing")
    write_camera(colours, folder / "camera.mjpeg")
    write_microphone(colours, folder / "microphone.wav")
    with chromium.running(folder / "c", folder / "camera.mjpeg", folder / "microphone.wav") as browser:
        yield browser


class Watched:
    """An api and an ingest worker, both real, and a scheduler that says what it is told to."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.api = RunningApi(make_config(folder, **settings))
        self.scheduler = FakeScheduler(folder / "scheduler-0.sock")
        self.scheduler.fits_more = 1000
        self.scheduler.tell_stats(
            roles=[RoleStatus(role, "a model", True, "", 0.1) for role in ("face_detector", "vad")]
        )
        self.ingest = AsyncExitStack()

    async def take_media(self) -> None:
        """Have an ingest worker, a new one."""
        await self.ingest.enter_async_context(running_ingest(self.folder))

    async def arriving(self, session_id: str, kinds: set[str], **asked: Any) -> None:
        """Return once these kinds of media arrive in the session."""

        async def look() -> set[str]:
            _, told = await self.api.json("GET", f"/sessions/{session_id}", **asked)
            return {each["kind"] for each in told["tracks"]}

        await answered(look, lambda found: found == kinds)

    def hear(self, session_id: str, dbfs: float, at: float) -> None:
        """The scheduler tells how loud it is."""
        data = {"has_speech": False, "rms": 0.0, "rms_dbfs": dbfs, "speaker_change": False, "violations": []}
        media = MediaKey(session_id, None)
        self.scheduler.say(Latest(media, "audio", at, 20.0, 0, {}, data))


@pytest.fixture
async def watched(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Watched]:
    watched = Watched(tmp_path, **getattr(request, "param", {}))
    async with watched.ingest:
        await watched.take_media()
        async with watched.api:
            await watched.api.until("/ready", lambda body: body.get("ready") and body["streams"]["audio"])
            yield watched
    watched.scheduler.die()


guarded = pytest.mark.parametrize("watched", [{"tokens": (Token("service"),)}], indirect=True)


async def begin(tab: ChromiumTab) -> None:
    await seen(tab, f"document.querySelector('#streams input') && {STATE} === 'off'")
    await tab.run("document.getElementById('start').click()")


async def choose(tab: ChromiumTab, source: str) -> None:
    await tab.run(f"document.querySelector('[value={source}]').click()")


async def live(tab: ChromiumTab) -> None:
    await seen(tab, f"{STATE} === 'live'")


async def sign_in(tab: ChromiumTab, token: str) -> None:
    await tab.run(f"document.getElementById('token').value = {json.dumps(token)}")
    await tab.run("document.querySelector('#sign-in button').click()")


async def said(tab: ChromiumTab) -> str:
    return str(await seen(tab, SAID))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("NotAllowedError", "Allow it beside the page's address"),
        ("NotFoundError", "Plug one in, or show a file"),
        ("NotReadableError", "in use by another program"),
    ],
)
async def test_a_camera_that_is_not_to_be_had(
    showing: Browser, watched: Watched, error: str, words: str
) -> None:
    async with page(showing, f"{watched.api.url}/try") as tab:
        refused = f"async () => {{ throw new DOMException('', '{error}'); }}"
        await tab.run(f"navigator.mediaDevices.getUserMedia = {refused}; 0")
        await begin(tab)
        assert words in await said(tab)
        assert await tab.run(STATE) == "off"
        assert await violations(tab) == []
    assert (await watched.api.json("GET", "/sessions"))[1]["sessions"] == []


async def test_no_camera_and_no_microphone(showing: Browser, watched: Watched) -> None:
    async with page(showing, f"{watched.api.url}/try") as tab:
        await tab.run("navigator.mediaDevices.enumerateDevices = async () => []; 0")
        await begin(tab)
        assert "no camera and no microphone" in await said(tab)


async def test_a_camera_that_is_taken_away(showing: Browser, watched: Watched) -> None:
    async with page(showing, f"{watched.api.url}/try") as tab:
        await begin(tab)
        await live(tab)
        await tab.run(UNPLUGGED)
        assert "was unplugged, or taken away" in await said(tab)
        assert await tab.run(STATE) == "off"
        assert await tab.troubles() == []


async def test_who_stops_while_the_browser_still_asks_is_not_shown(
    showing: Browser, watched: Watched
) -> None:
    async with page(showing, f"{watched.api.url}/try") as tab:
        await tab.run(ASKING)
        await begin(tab)
        await seen(tab, "window.allow !== undefined")
        await tab.run("document.getElementById('stop').click(); allow()")
        await seen(tab, "window.taken?.getTracks().every(({ readyState }) => readyState === 'ended')")
        assert (await tab.run(STATE), await tab.run(SAID)) == ("off", None)
    assert (await watched.api.json("GET", "/sessions"))[1]["sessions"] == []


async def test_a_page_that_is_loaded_again_can_still_delete_what_it_showed(
    showing: Browser, watched: Watched
) -> None:
    async with page(showing, f"{watched.api.url}/try") as tab:
        await begin(tab)
        await live(tab)
        await tab.look("window.isLeft = true; location.reload()")
        loaded = "!window.isLeft && document.readyState === 'complete'"
        await seen(tab, f"{loaded} && !document.getElementById('forget').hidden")
        await begin(tab)
        await live(tab)
        (session,) = (await watched.api.json("GET", "/sessions"))[1]["sessions"]
        assert session["session_id"].startswith("try-")
        await tab.run("document.getElementById('forget').click()")
        await seen(tab, "document.getElementById('forget').hidden")
    assert (await watched.api.json("GET", "/sessions"))[1]["sessions"] == []


async def test_a_microphone_that_brings_nothing(showing: Browser, watched: Watched) -> None:
    async with page(showing, f"{watched.api.url}/try?session=quiet") as tab:
        await begin(tab)
        await live(tab)
        now = time.time()
        watched.hear("quiet", -40.0, now)
        await seen(tab, "document.getElementById('level').value === -40")
        watched.hear("quiet", -96.0, now + 6)
        assert "whether it is muted" in await said(tab)
        watched.hear("quiet", -40.0, now + 7)
        await seen(tab, "document.getElementById('problem').hidden")


async def test_a_daemon_without_room(showing: Browser, watched: Watched) -> None:
    watched.scheduler.fits_more = 0
    watched.scheduler.tell_stats()
    await watched.api.until("/sessions", lambda body: body["fits_more"] == 0)
    async with page(showing, f"{watched.api.url}/try") as tab:
        await begin(tab)
        assert "no room for another session" in await said(tab)


async def test_a_daemon_that_goes_and_comes_back(showing: Browser, watched: Watched) -> None:
    async with page(showing, f"{watched.api.url}/try?session=back") as tab:
        await begin(tab)
        await live(tab)
        await watched.ingest.aclose()
        assert "is made again by itself" in await said(tab)
        assert await tab.run(STATE) == "connecting again"
        await watched.api.restart()
        await watched.take_media()
        await live(tab)
        await seen(tab, "document.getElementById('problem').hidden")


@pytest.mark.parametrize("reason", ["never_connected", "dtls_failed"])
async def test_media_that_came_too_late_for_the_daemon(showing: Browser, rig: Rig, reason: str) -> None:
    async with page(showing, f"{rig.api.url}/try?session=slow") as tab:
        await tab.run(CONNECTED)
        await begin(tab)
        await live(tab)
        rig.worker.say(SessionState("slow", "closed", reason))
        assert "did not come through to the daemon in time" in await said(tab)


async def test_media_that_go_on_while_the_api_is_away(showing: Browser, watched: Watched) -> None:
    async with page(showing, f"{watched.api.url}/try?session=goes-on") as tab:
        await begin(tab)
        await live(tab)
        await watched.api.kill()
        assert "is made again by itself" in await said(tab)
        assert await tab.run(STATE) == "live"
        await watched.api.open()
        await seen(tab, f"document.getElementById('problem').hidden && {STATE} === 'live'")


async def test_a_second_page_with_the_same_session(showing: Browser, watched: Watched) -> None:
    address = f"{watched.api.url}/try?session=shared"
    async with page(showing, address) as first, page(showing, address) as second:
        await begin(first)
        await live(first)
        await begin(second)
        await live(second)
        assert "published from another page" in await said(first)
        assert await first.run(STATE) == "off"
        assert await second.run(STATE) == "live"


async def test_all_of_it_fits_a_narrow_window(showing: Browser, watched: Watched) -> None:
    async with page(showing, f"{watched.api.url}/try", size=NARROW) as tab:
        await choose(tab, "file")
        await seen(tab, "document.querySelector('#streams input') && file.checkVisibility()")
        assert await tab.run("document.documentElement.scrollWidth <= innerWidth")
        box = "document.{}.getBoundingClientRect()"
        eye, button, stage = (
            box.format(f"querySelector('{each}')") for each in ("#hint img", "#start", ".stage")
        )
        assert await tab.run(f"{stage}.top < {eye}.top && {button}.bottom < {stage}.bottom")


async def test_a_screen(showing: Browser, watched: Watched) -> None:
    async with page(showing, f"{watched.api.url}/try?session=screen") as tab:
        await choose(tab, "screen")
        await begin(tab)
        await live(tab)
        kinds = await tab.run("preview.srcObject.getTracks().map(({ kind }) => kind)")
        await watched.arriving("screen", set(kinds))
        assert "video" in kinds
        assert await violations(tab) == []
        await tab.run(UNPLUGGED)
        assert "not shared any more" in await said(tab)


async def test_a_file_to_its_end(showing: Browser, watched: Watched, colours: Scene, tmp_path: Path) -> None:
    write_clip(Scene(5 * colours.pictures, np.tile(colours.sound, 5)), tmp_path / "clip.webm")
    async with page(showing, f"{watched.api.url}/try?session=file") as tab:
        await choose(tab, "file")
        await begin(tab)
        assert await said(tab) == "Choose a file first."
        root = (await tab.command("DOM.getDocument"))["root"]["nodeId"]
        found = await tab.command("DOM.querySelector", nodeId=root, selector="#file")
        files = [str(tmp_path / "clip.webm")]
        await tab.command("DOM.setFileInputFiles", nodeId=found["nodeId"], files=files)
        await begin(tab)
        await live(tab)
        await watched.arriving("file", {"audio", "video"})
        await tab.run("preview.currentTime = preview.duration - 0.5; 0")
        assert "of the file is over" in await said(tab)
        assert await tab.run(STATE) == "off"


@guarded
async def test_a_token_is_asked_for_and_a_wrong_one_told(showing: Browser, watched: Watched) -> None:
    async with page(showing, f"{watched.api.url}/try") as tab:
        await begin(tab)
        assert "asks for a token. Sign in above" in await said(tab)
        assert await violations(tab) == []
        await sign_in(tab, "a guess")
        await begin(tab)
        assert "This token is not known here." in await said(tab)
        await sign_in(tab, "service")
        await begin(tab)
        await live(tab)
        await tab.run("document.getElementById('stop').click(), document.getElementById('forget').click()")
        await seen(tab, f"{STATE} === 'off' && document.getElementById('forget').hidden")
    assert (await watched.api.json("GET", "/sessions", headers=SERVICE))[1]["sessions"] == []


@guarded
async def test_a_token_that_expires_meanwhile_is_asked_for_again(showing: Browser, watched: Watched) -> None:
    async with page(showing, f"{watched.api.url}/try?session=long") as tab:
        await sign_in(tab, "service")
        await begin(tab)
        await live(tab)
        await tab.run("sessionStorage.setItem('token', 'one that is not good any more')")
        assert "not known here. Sign in above" in await said(tab)
        assert await tab.run(STATE) == "live"
        await sign_in(tab, "service")
        watched.hear("long", -40.0, time.time())
        await seen(tab, "document.getElementById('level').value === -40")
        assert await tab.run("document.getElementById('problem').hidden")


@guarded
async def test_a_session_token_tries_its_own_session_until_it_is_deleted(
    showing: Browser, watched: Watched
) -> None:
    asked = {"session_id": "interview-7", "scopes": ["publish", "watch"]}
    _, made = await watched.api.json("POST", "/tokens", json=asked, headers=SERVICE)
    async with page(showing, f"{watched.api.url}/try") as tab:
        await begin(tab)
        await sign_in(tab, made["token"])
        assert "for the session interview-7" in await tab.run("document.getElementById('given').innerText")
        await begin(tab)
        await live(tab)
        await watched.arriving("interview-7", {"audio", "video"}, headers=SERVICE)
        assert await violations(tab) == []
        status, _ = await watched.api.json("DELETE", "/sessions/interview-7", headers=SERVICE)
        assert status == 204
        await seen(tab, f"{STATE} === 'off'")
        await begin(tab)
        await seen(tab, f"{SAID}?.includes('which was deleted')")
    assert (await watched.api.json("GET", "/sessions", headers=SERVICE))[1]["sessions"] == []
