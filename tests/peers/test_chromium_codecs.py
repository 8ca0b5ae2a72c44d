"""Chromium sends every codec that is received, with spatial layers where it can, and its camera is seen."""

from typing import Any

import pytest

from ..live_daemon import Daemon
from .page import publish
from .remote import Browser
from .watch import one_face, watching

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.weights, pytest.mark.timeout(300)]


@pytest.mark.parametrize(
    ("codec", "layers"),
    [
        ("VP8", None),
        ("H264", None),
        ("VP9", None),
        ("AV1", None),
        ("VP9", "L2T3"),
        ("VP9", "L3T3_KEY"),
        ("AV1", "L2T2"),
    ],
)
async def test_what_the_camera_sees_is_found_whatever_codes_it(
    daemon: Daemon, browser: Browser, page: str, codec: str, layers: str | None
) -> None:
    name = f"{codec}-{layers}".lower()
    options: dict[str, Any] = {"audio": False, "codec": f"video/{codec}"}
    if layers:
        options["encodings"] = [{"scalabilityMode": layers}]
    async with watching(daemon, name, ("face",)) as watch, browser.tab(page) as tab:
        assert await publish(tab, watch, **options) == 201
        await watch.event("face", having=one_face)
        assert await sent_codec(tab) == f"video/{codec}"
        await tab.run("unpublish()")


async def sent_codec(tab: Any) -> str:
    """What the browser says that it sends."""
    script = """peer.getStats().then(all => {
        const sent = [...all.values()].find(each => each.type === "outbound-rtp" && each.kind === "video");
        return all.get(sent.codecId).mimeType;
    })"""
    codec: str = await tab.run(script)
    return codec
