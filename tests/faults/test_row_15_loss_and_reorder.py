"""A quarter of all packets is lost in both directions, others are late or come twice: frames go on."""

import asyncio
import time

import pytest

from argusd.benchmarks.peers.impaired_path import ImpairedPath, Impairment, without_candidates
from argusd.benchmarks.peers.publisher import CameraTrack, Publisher
from argusd.ingest.ipc.messages import SessionAnswer
from argusd.ingest.shm.ring import FrameReader

from ..ingest.conftest import Rig
from .outcome import Outcome

BAD = Impairment(loss=0.25, reorder=0.1, duplicate=0.05)
FRAMES = 60


@pytest.mark.fault(15, "25 % loss and reorder")
async def test_frames_go_on_and_the_path_s_faults_are_counted(worker: Rig, outcome: Outcome) -> None:
    path, camera = ImpairedPath(), Publisher([CameraTrack(160, 120)])
    answer = await worker.request("one", without_candidates(await worker.offer(camera)))
    assert isinstance(answer, SessionAnswer)
    await camera.accept(await path.open(answer.answer_sdp))
    frames = await worker.frames()
    while frames.newest() is None:
        await worker.woken()
    path.impairment = BAD
    freeze_s, missed = await watch(worker, frames)
    path.close()
    outcome.recovered(freeze_s)
    outcome.lost(missed)
    assert path.lost > 0.15 * path.sent
    counters = await worker.counters("video", lambda each: each.frames >= FRAMES)
    assert counters.dropped["srtp_refused_packet"] > 0  # what came twice


async def watch(worker: Rig, frames: FrameReader) -> tuple[float, int]:
    """Watch so many frames; the longest time between two, and how many of the camera's are missing."""
    timestamps: list[int] = []
    came, freeze_s = time.monotonic(), 0.0
    async with asyncio.timeout(60):
        while len(timestamps) < FRAMES:
            frame = frames.newest()
            if frame is None:
                await worker.woken()
                continue
            now = time.monotonic()
            freeze_s, came = max(freeze_s, now - came), now
            timestamps.append(frame.info.rtp_timestamp)
    assert timestamps == sorted(set(timestamps))
    sent = (timestamps[-1] - timestamps[0]) // 3000 + 1
    return freeze_s, sent - len(timestamps) - frames.skipped
