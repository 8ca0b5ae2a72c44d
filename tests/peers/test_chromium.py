"""A page in Chromium publishes, and what is before its camera is found."""

from typing import Any

import pytest

from argusd.daemon.demo.scenes import HEIGHT, WIDTH

from ..live_daemon import Daemon
from .page import publish
from .remote import Browser
from .watch import one_face, watching, whole_turn

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.weights, pytest.mark.timeout(300)]


async def test_a_page_publishes_and_what_its_camera_sees_is_found(
    daemon: Daemon, browser: Browser, page: str
) -> None:
    async with watching(daemon, "page") as watch, browser.tab(page) as tab:
        assert await publish(tab, watch) == 201
        await watch.event("face", having=one_face)
        await watch.event("speech", "end", having=whole_turn)
        await tab.run("unpublish()")
        assert (await watch.event("closed")).data["reason"] == "deleted"
        assert watch.violations() == []


async def test_a_page_with_a_camera_alone_is_watched(daemon: Daemon, browser: Browser, page: str) -> None:
    async with watching(daemon, "video-only", ("face",)) as watch, browser.tab(page) as tab:
        assert await publish(tab, watch, audio=False) == 201
        await watch.track("video", having=live)
        await watch.event("face", having=one_face)
        assert len((await watch.session())["tracks"]) == 1


async def test_a_page_with_a_microphone_alone_is_heard(daemon: Daemon, browser: Browser, page: str) -> None:
    async with watching(daemon, "audio-only", ("audio",)) as watch, browser.tab(page) as tab:
        assert await publish(tab, watch, video=False) == 201
        await watch.track("audio", having=live)
        await watch.event("speech", "end")
        assert len((await watch.session())["tracks"]) == 1
        assert watch.violations() == []


async def test_a_data_channel_is_refused_and_the_media_taken(
    daemon: Daemon, browser: Browser, page: str
) -> None:
    async with watching(daemon, "data-channel") as watch, browser.tab(page) as tab:
        assert await publish(tab, watch, channel=True) == 201
        await watch.track("audio", having=live)
        await watch.event("face", having=one_face)


async def test_an_offer_without_candidates_is_enough(daemon: Daemon, browser: Browser, page: str) -> None:
    async with watching(daemon, "not-gathered") as watch, browser.tab(page) as tab:
        assert await publish(tab, watch, gather=False) == 201
        await watch.event("face", having=one_face)


async def test_of_simulcast_that_begins_with_its_smallest_picture_the_largest_is_seen(
    daemon: Daemon, browser: Browser, page: str
) -> None:
    # Of 640×480 Chromium makes two layers at most: it leaves out the last ones that are asked for.
    layers = [{"rid": "small", "scaleResolutionDownBy": 2}, {"rid": "large"}]
    async with watching(daemon, "simulcast") as watch, browser.tab(page) as tab:
        assert await publish(tab, watch, encodings=layers) == 201
        await watch.track("video", having=lambda track: (track["width"], track["height"]) == (WIDTH, HEIGHT))
        await watch.event("face", having=one_face)


def live(track: dict[str, Any]) -> bool:
    return bool(track["state"] == "live")
