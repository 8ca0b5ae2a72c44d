"""A page whose camera shows more than the daemon takes sends less of it when asked."""

from pathlib import Path

import pytest

from ..live_daemon import started
from .page import publish
from .remote import Browser
from .watch import one_face, watching

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.weights, pytest.mark.timeout(300)]


@pytest.mark.usefixtures("models")
async def test_a_picture_that_is_too_large_is_told_of_and_comes_smaller(
    browser: Browser, page: str, tmp_path: Path
) -> None:
    """The camera has 640×480 pixels."""
    with started(tmp_path, INGEST__MAX_WIDTH="640", INGEST__MAX_HEIGHT="360") as daemon:
        async with watching(daemon, "large") as watch, browser.tab(page) as tab:
            assert await publish(tab, watch) == 201
            stale = await watch.event("track_stale")
            assert (stale.data["kind"], stale.data["reason"]) == ("video", "frame_too_large")
            await watch.event("track_live")
            await watch.track("video", having=lambda track: track["width"] < 640)
            await watch.event("face", having=one_face)
