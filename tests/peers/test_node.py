"""WebRTC stacks for Node, whose ICE, DTLS and SRTP share nothing with aiortc's or a browser's.

werift is written in TypeScript; libdatachannel in C++, and OBS publishes with it.
"""

from pathlib import Path

import pytest

from ..live_daemon import Daemon
from .installed import require_package
from .program import found_and_ended, lost, publishing
from .watch import watching

pytestmark = [pytest.mark.slow, pytest.mark.weights, pytest.mark.timeout(300)]

STACKS = {"werift": "werift", "libdatachannel": "node-datachannel"}


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> str:
    """A stack whose package is installed."""
    name: str = request.param
    require_package(STACKS[name])
    return name


async def test_what_it_publishes_is_found_until_it_says_goodbye(
    daemon: Daemon, packets: Path, stack: str
) -> None:
    async with (
        watching(daemon, stack) as watch,
        publishing("node", f"{stack}_publisher.mjs", watch.whip, str(packets)) as peer,
    ):
        await found_and_ended(watch, peer)


async def test_its_loss_is_noticed(daemon: Daemon, packets: Path, stack: str) -> None:
    async with (
        watching(daemon, f"{stack}-lost") as watch,
        publishing("node", f"{stack}_publisher.mjs", watch.whip, str(packets)) as peer,
    ):
        await lost(watch, peer)
