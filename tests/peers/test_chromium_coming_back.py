"""Pages that go away, and come back: the same id publishes again at once."""

import pytest

from ..live_daemon import Daemon
from .page import on_air, publish
from .remote import Browser
from .watch import one_face

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.weights, pytest.mark.timeout(300)]


async def test_a_closed_tab_is_missed(daemon: Daemon, browser: Browser, page: str) -> None:
    async with on_air(daemon, browser, page, "closed-tab") as (watch, tab):
        await tab.close()
        assert (await watch.event("closed")).data["reason"] in ("client", "silent")


async def test_a_reloaded_page_publishes_again_before_it_was_missed(
    daemon: Daemon, browser: Browser, page: str
) -> None:
    async with on_air(daemon, browser, page, "reloaded") as (watch, tab):
        await tab.go(page)
        assert await publish(tab, watch) == 201
        assert (await watch.event("closed")).data["reason"] in ("client", "replaced")
        await watch.event("live")
        await watch.event("face", having=one_face)
        session = [event.name for event in watch.seen if event.type == "session"]
        assert [name for name in session if name != "stale"] == [
            "connecting", "live", "closed", "connecting", "live",
        ]  # fmt: skip


async def test_a_second_tab_takes_the_session_over(daemon: Daemon, browser: Browser, page: str) -> None:
    async with on_air(daemon, browser, page, "taken-over") as (watch, _), browser.tab(page) as second:
        assert await publish(second, watch) == 201
        assert (await watch.event("closed")).data["reason"] == "replaced"
        await watch.event("face", having=one_face)
