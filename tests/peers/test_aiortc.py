"""aiortc by itself: what publishes through ``interviewer_bridge`` is tried in ``test_end_to_end.py``."""

import sys
from pathlib import Path

import pytest

from ..live_daemon import Daemon
from .program import found_and_ended, lost, publishing
from .watch import watching

pytestmark = [pytest.mark.slow, pytest.mark.weights, pytest.mark.timeout(300)]


async def test_what_it_publishes_is_found_until_it_says_goodbye(daemon: Daemon, clip: Path) -> None:
    async with (
        watching(daemon, "aiortc") as watch,
        publishing(sys.executable, "aiortc_publisher.py", watch.whip, str(clip)) as peer,
    ):
        await found_and_ended(watch, peer)


async def test_its_loss_is_noticed(daemon: Daemon, clip: Path) -> None:
    async with (
        watching(daemon, "aiortc-lost") as watch,
        publishing(sys.executable, "aiortc_publisher.py", watch.whip, str(clip)) as peer,
    ):
        await lost(watch, peer)
