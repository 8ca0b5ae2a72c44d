"""A page whose WHIP is a library's: whip-whep trickles its candidates by PATCH, as RFC 9725 has it."""

import json

import pytest

from ..live_daemon import Daemon
from .installed import require_package
from .remote import Browser
from .watch import one_face, watching

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.weights, pytest.mark.timeout(300)]

PUBLISH = """(async endpoint => {
    const {WHIPClient} = await import("./node_modules/whip-whep/whip.js");
    camera = await realCamera(true, true);
    peer = new RTCPeerConnection({bundlePolicy: "max-bundle"});
    for (const track of camera.getTracks()) peer.addTransceiver(track, {direction: "sendonly"});
    window.client = new WHIPClient();
    await client.publish(peer, endpoint);
    await changed(peer, "connectionstatechange", () => peer.connectionState === "connected");
    await gathered(peer);
})(%s)"""

# What the page asked the daemon for, in order, beside preflights.
ASKED = """performance.getEntriesByType("resource").filter(({name}) => name.includes("/whip/"))
    .map(({name, responseStatus}) => [new URL(name).pathname.split("/").length, responseStatus])"""


async def test_what_it_publishes_is_found_until_it_says_goodbye(
    daemon: Daemon, browser: Browser, page: str
) -> None:
    require_package("whip-whep")
    async with watching(daemon, "whip-whep", ("face",)) as watch, browser.tab(page) as tab:
        await tab.run(PUBLISH % json.dumps(watch.whip))
        await watch.event("face", having=one_face)
        await tab.run("client.stop()")
        # It closes the peer connection before it deletes the resource.
        assert (await watch.event("closed")).data["reason"] in ("client", "deleted")
        endpoint, *resource = await tab.run(ASKED)
        assert endpoint == [3, 201]
        assert [4, 204] in resource  # the trickled candidates
