"""werift, a WebRTC stack in TypeScript: its DTLS, SRTP and ICE share nothing with aiortc's or a browser's."""

from pathlib import Path

import pytest

from ..live_daemon import Daemon
from .installed import require_package
from .program import found_and_ended, lost, publishing
from .watch import watching

pytestmark = [pytest.mark.slow, pytest.mark.weights, pytest.mark.timeout(300)]


@pytest.fixture(autouse=True)
def installed() -> None:
    require_package("werift")


async def test_what_it_publishes_is_found_until_it_says_goodbye(daemon: Daemon, packets: Path) -> None:
    async with watching(daemon, "werift") as watch, publishing(*command(watch.whip, packets)) as peer:
        await found_and_ended(watch, peer)


async def test_its_loss_is_noticed(daemon: Daemon, packets: Path) -> None:
    async with watching(daemon, "werift-lost") as watch, publishing(*command(watch.whip, packets)) as peer:
        await lost(watch, peer)


def command(endpoint: str, packets: Path) -> tuple[str, ...]:
    return ("node", "werift_publisher.mjs", endpoint, str(packets))
