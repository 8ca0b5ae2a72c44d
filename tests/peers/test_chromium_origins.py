"""Pages from elsewhere: those that the daemon is told of may come in, publish and listen."""

import json

import pytest

from ..live_daemon import Daemon
from .page import publish
from .remote import Browser, PageError
from .watch import one_face, watching

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.weights, pytest.mark.timeout(300)]

# The names of violations and session events that a page hears until its session is closed.
LISTEN = """new Promise(done => {
    const names = [], source = new EventSource(%s);
    source.onmessage = ({data}) => {
        const {type, name} = JSON.parse(data);
        if (type === "session") names.push(name);
        if (name === "closed") { source.close(); done(names); }
    };
})"""


async def test_a_page_of_an_allowed_origin_publishes_and_hears_its_events(
    daemon: Daemon, browser: Browser, friend: str
) -> None:
    async with watching(daemon, "friend") as watch, browser.tab(f"{friend}/publisher.html") as tab:
        assert await tab.run("origin") == friend
        assert await publish(tab, watch) == 201
        await watch.event("face", having=one_face)
        await tab.run("unpublish()")
        heard = await tab.run(LISTEN % json.dumps(f"{daemon.url}/sessions/friend/events?after=0"))
        assert (heard[0], heard[-1]) == ("connecting", "closed")


async def test_a_page_of_another_origin_is_refused(daemon: Daemon, browser: Browser, friend: str) -> None:
    stranger = friend.replace("interview", "stranger")
    async with watching(daemon, "stranger") as watch, browser.tab(f"{stranger}/publisher.html") as tab:
        with pytest.raises(PageError, match="Failed to fetch"):
            await publish(tab, watch)
        assert (await watch.session())["state"] == "created"
