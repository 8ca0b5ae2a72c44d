"""GStreamer's webrtcbin: libnice for ICE, an RSA certificate, a second section that is ``bundle-only``."""

from pathlib import Path

import pytest

from ..live_daemon import Daemon
from .installed import SYSTEM_PYTHON, require_gstreamer
from .program import found_and_ended, lost, publishing
from .watch import watching

pytestmark = [pytest.mark.slow, pytest.mark.weights, pytest.mark.timeout(300)]


@pytest.fixture(autouse=True)
def installed() -> None:
    require_gstreamer()


@pytest.mark.parametrize("codec", ["vp8", "h264"])
async def test_what_it_publishes_is_found_until_it_says_goodbye(
    daemon: Daemon, clip: Path, codec: str
) -> None:
    async with (
        watching(daemon, f"gstreamer-{codec}") as watch,
        publishing(*command(watch.whip, clip, codec)) as peer,
    ):
        await found_and_ended(watch, peer)


async def test_its_loss_is_noticed(daemon: Daemon, clip: Path) -> None:
    async with (
        watching(daemon, "gstreamer-lost") as watch,
        publishing(*command(watch.whip, clip, "vp8")) as peer,
    ):
        await lost(watch, peer)


def command(endpoint: str, clip: Path, codec: str) -> tuple[str, ...]:
    return (SYSTEM_PYTHON, "gstreamer_publisher.py", endpoint, str(clip), codec)
