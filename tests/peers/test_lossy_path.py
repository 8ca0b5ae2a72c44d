"""A browser on a bad path: what is missing is asked for again, and its pictures go on."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from argusd.benchmarks.peers.impaired_path import ImpairedPath, Impairment, without_candidates
from argusd.ingest.config import IngestConfig
from argusd.ingest.ice.ice_sockets import host_addresses
from argusd.ingest.ipc.messages import SessionAnswer

from ..ingest.conftest import Rig
from .remote import Browser

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.weights, pytest.mark.timeout(300)]

FRAMES = 30
BAD = Impairment(loss=0.25, reorder=0.1, duplicate=0.05)


@pytest.fixture
async def worker(tmp_path: Path) -> AsyncIterator[Rig]:
    rig = Rig(IngestConfig(runtime_dir=tmp_path, arena_mib=64, ice_addresses=("127.0.0.1",)))
    await rig.start()
    yield rig
    await rig.close()


async def test_a_page_s_pictures_go_on_while_a_quarter_of_its_packets_is_lost(
    worker: Rig, browser: Browser, page: str
) -> None:
    # Chromium has no socket at the loopback address.
    path = ImpairedPath(address=host_addresses()[0])
    async with browser.tab(page) as tab:
        answer = await worker.request("one", without_candidates(await tab.run("offer()")))
        assert isinstance(answer, SessionAnswer)
        description = {"type": "answer", "sdp": await path.open(answer.answer_sdp)}
        await tab.run(f"peer.setRemoteDescription({json.dumps(description)})")
        before = await worker.counters("video", lambda each: each.frames > 0)
        path.impairment = BAD
        await worker.counters("video", lambda each: each.frames >= before.frames + FRAMES)
    path.close()
    assert path.lost > 0.1 * path.sent
