"""Firefox: no ``a=rtcp`` before it has gathered, host names in it afterwards, simulcast of its own kind."""

from typing import Any

import pytest

from ..live_daemon import Daemon
from .page import publish
from .remote import Browser
from .watch import one_face, watching, whole_turn

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.weights, pytest.mark.timeout(300)]


async def test_what_a_page_plays_is_found_until_it_says_goodbye(
    daemon: Daemon, firefox_browser: Browser, page: str
) -> None:
    async with watching(daemon, "firefox") as watch, firefox_browser.tab(page) as tab:
        assert await publish(tab, watch, played=True) == 201
        await watch.event("face", having=one_face)
        await watch.event("speech", "end", having=whole_turn)
        await tab.run("unpublish()")
        assert (await watch.event("closed")).data["reason"] == "deleted"
        assert watch.violations() == []


OFFERS: dict[str, dict[str, Any]] = {
    "not-gathered": {"gather": False},
    "data-channel": {"channel": True},
    "simulcast": {"encodings": [{"rid": "small", "scaleResolutionDownBy": 2}, {"rid": "large"}]},
    "vp9": {"codec": "video/VP9"},
    "av1": {"codec": "video/AV1"},
}


@pytest.mark.parametrize("name", OFFERS)
async def test_it_is_seen_however_it_offers(
    daemon: Daemon, firefox_browser: Browser, page: str, name: str
) -> None:
    async with watching(daemon, f"firefox-{name}", ("face",)) as watch, firefox_browser.tab(page) as tab:
        assert await publish(tab, watch, played=True, **OFFERS[name]) == 201
        await watch.event("face", having=one_face)


UNPLUGGED = {
    "stop": "sender('video').track.stop()",
    "remove-track": "peer.removeTrack(sender('video'))",
    "replace-by-nothing": "sender('video').replaceTrack(null)",
}


@pytest.mark.parametrize("played", [True, False])
@pytest.mark.parametrize("how", UNPLUGGED)
async def test_an_unplugged_camera_is_missed_though_its_last_picture_comes_again(
    daemon: Daemon, firefox_browser: Browser, page: str, how: str, *, played: bool
) -> None:
    session_id = f"firefox-{how}-{played}"
    async with watching(daemon, session_id, ("face",)) as watch, firefox_browser.tab(page) as tab:
        assert await publish(tab, watch, played=played) == 201
        await watch.event("face")
        await tab.run(UNPLUGGED[how])
        await watch.together(("track_stale", "update"), ("video_lost", "start"))
        face = (await watch.results())["streams"]["face"]
        assert (face["state"], face["data"]["face_count"], face["data"]["faces"]) == ("unknown", None, [])


async def test_a_closed_tab_is_missed(daemon: Daemon, firefox_browser: Browser, page: str) -> None:
    async with watching(daemon, "firefox-lost") as watch, firefox_browser.tab(page) as tab:
        assert await publish(tab, watch, played=True) == 201
        await watch.event("face", having=one_face)
        await tab.close()
        assert (await watch.event("closed")).data["reason"] in ("client", "silent")


async def test_a_reloaded_page_publishes_again(daemon: Daemon, firefox_browser: Browser, page: str) -> None:
    async with watching(daemon, "firefox-reloaded") as watch, firefox_browser.tab(page) as tab:
        assert await publish(tab, watch, played=True) == 201
        await watch.event("face", having=one_face)
        await tab.go(page)
        assert await publish(tab, watch, played=True) == 201
        assert (await watch.event("closed")).data["reason"] in ("client", "replaced")
        await watch.event("face", having=one_face)
