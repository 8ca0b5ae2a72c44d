"""A page in Chromium publishes, and what is before its camera is found."""

import json

import pytest

from ..live_daemon import Daemon
from .chromium import Browser, Tab
from .media import SPEECH_S
from .watch import Watch, one_face, watching

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.weights, pytest.mark.timeout(300)]


async def publish(tab: Tab, watch: Watch, **options: object) -> int:
    """The status of the daemon's answer, once the page is connected."""
    status: int = await tab.run(f"publish({json.dumps(watch.whip)}, {json.dumps(options)})")
    return status


async def test_a_page_publishes_and_what_its_camera_sees_is_found(
    daemon: Daemon, browser: Browser, page: str
) -> None:
    async with watching(daemon, "page") as watch, browser.tab(page) as tab:
        assert await publish(tab, watch) == 201
        await watch.event("face", having=one_face)
        await watch.event("speech", "end")  # of a turn that may have begun before we listened
        said = (await watch.event("speech", "end")).data
        assert said["duration_s"] == pytest.approx(SPEECH_S, abs=0.4)
        await tab.run("unpublish()")
        assert (await watch.event("closed")).data["reason"] == "deleted"
        assert watch.violations() == []
