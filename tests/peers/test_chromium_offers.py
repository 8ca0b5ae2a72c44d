"""The shapes of offer that a page can give its browser: each is connected, and what is sent is seen."""

from typing import Any

import pytest

from ..live_daemon import Daemon
from .page import publish
from .remote import Browser
from .watch import one_face, watching

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.weights, pytest.mark.timeout(300)]


@pytest.mark.parametrize(
    "options",
    [
        {"rsa": True},
        {"bundle": "balanced"},
        {"bundle": "max-compat"},
        {"gather": False},
        {"audio": False, "idle": "inactive"},
        {"audio": False, "idle": "recvonly"},
    ],
    ids=lambda options: "-".join(map(str, options.values())).lower(),
)
async def test_a_page_publishes_whatever_the_shape_of_its_offer(
    daemon: Daemon, browser: Browser, page: str, options: dict[str, Any]
) -> None:
    async with watching(daemon, "shape", ("face",)) as watch, browser.tab(page) as tab:
        assert await publish(tab, watch, **options) == 201
        await watch.event("face", having=one_face)
        await tab.run("unpublish()")
        await watch.event("closed")
