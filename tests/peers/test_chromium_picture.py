"""How large and how good Chromium's picture is when it arrives, and what is told of it."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from argusd.daemon.demo.scenes import HEIGHT, WIDTH

from ..live_daemon import Daemon
from ..waiting import LONGEST_S
from .page import publish
from .remote import Browser, Tab
from .watch import watching

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.weights, pytest.mark.timeout(300)]

# Of a camera as small as the tests' a browser sends no more than two encodings, the first two.
LOW_FIRST = [{"rid": "h", "scaleResolutionDownBy": 2}, {"rid": "f"}]
START_BITRATE = 1_000_000
ESTIMATE = (
    """peer.getStats().then(all => [...all.values()].find(each => each.nominated).availableOutgoingBitrate)"""
)


def whole(track: dict[str, Any]) -> bool:
    """Whether the camera's picture arrives as it is."""
    return (track["width"], track["height"]) == (WIDTH, HEIGHT)


@pytest.mark.parametrize("encodings", [LOW_FIRST, LOW_FIRST[::-1]], ids=["low-first", "high-first"])
async def test_of_simulcast_the_largest_picture_is_taken(
    daemon: Daemon, browser: Browser, page: str, encodings: list[dict[str, object]]
) -> None:
    name = f"simulcast-{encodings[0]['rid']}"
    async with watching(daemon, name, ("face",)) as watch, browser.tab(page) as tab:
        assert await publish(tab, watch, audio=False, codec="video/VP8", encodings=encodings) == 201
        await watch.track("video", having=whole)
        await tab.run("unpublish()")


async def test_the_browser_estimates_its_path_by_what_it_is_told_of_arrivals(
    daemon: Daemon, browser: Browser, page: str
) -> None:
    """Its probes are answered: it dares more than it was told to begin with, though it needs less."""
    async with watching(daemon, "estimate", ("face",)) as watch, browser.tab(page) as tab:
        assert await publish(tab, watch, codec="video/VP8") == 201
        await estimated(tab, lambda bits_per_second: bits_per_second > 1.2 * START_BITRATE)
        video = await watch.track("video", having=whole)
        assert (video["codec"], video["state"]) == ("vp8", "live")
        told = ("frames_per_second", "bits_per_second", "round_trip_ms", "has_clock")
        video = await watch.track("video", having=lambda track: all(track[name] for name in told))
        assert 0 <= video["loss"] < 0.5
        audio = await watch.track("audio", having=lambda track: track["has_clock"])
        assert (audio["codec"], audio["width"]) == ("opus", None)
        await tab.run("unpublish()")


async def estimated(tab: Tab, enough: Callable[[float], bool]) -> None:
    """Wait until the browser takes its path for so wide."""
    bits_per_second = 0.0
    try:
        async with asyncio.timeout(LONGEST_S):
            while not enough(bits_per_second):
                await asyncio.sleep(0.2)
                bits_per_second = await tab.run(ESTIMATE) or 0.0
    except TimeoutError:
        raise AssertionError(f"the browser takes its path for {bits_per_second:.0f} bit/s") from None
