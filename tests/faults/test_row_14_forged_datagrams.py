"""Alerts, hellos, checks, errors, empty and garbage datagrams of strangers, from the first moment on."""

import asyncio
import time

import pytest

from argusd.benchmarks.peers.clips import video_clip
from argusd.benchmarks.peers.publisher import PacketTrack, Publisher
from argusd.ingest.ipc.messages import IngestStats, SessionAnswer

from ..ingest.attacks import spray
from ..ingest.conftest import Rig
from .outcome import Outcome

SESSIONS = 5  # twenty repeats make a hundred
FRAMES = 15
STRANGERS = ("127.0.0.1", "127.0.0.2")


@pytest.mark.fault(14, "forged alerts, empty and garbage datagrams")
async def test_every_session_connects_and_lives(worker: Rig, outcome: Outcome) -> None:
    sent, slowest_s = {}, 0.0
    for session_id in [f"session-{number}" for number in range(SESSIONS)]:
        begun = time.monotonic()
        sent[session_id] = await connect(worker, session_id)
        slowest_s = max(slowest_s, time.monotonic() - begun)
    outcome.recovered(slowest_s)
    stats = await worker.controller.take(IngestStats, lambda each: dropped(each) == sent)
    assert len(stats.tracks) == SESSIONS
    assert all(track.frames >= FRAMES for track in stats.tracks)
    outcome.lost(0)


async def connect(worker: Rig, session_id: str) -> int:
    """Connect and see pictures while strangers send all that they have; how many datagrams that was."""
    publisher = Publisher([PacketTrack("video", video_clip("vp8", 160, 120, 30, gop=15), repeat=20)])
    answer = await worker.request(session_id, await worker.offer(publisher))
    assert isinstance(answer, SessionAnswer)
    stop = asyncio.Event()
    attacks = [asyncio.ensure_future(spray(answer.answer_sdp, stop, each)) for each in STRANGERS]
    await publisher.accept(answer.answer_sdp)
    place = (await worker.opened("video")).place
    await worker.written(place, FRAMES)
    stop.set()
    return sum(await asyncio.gather(*attacks))


def dropped(stats: IngestStats) -> dict[str, int]:
    """Datagrams of each session that went nowhere, whatever the reason."""
    return {track.session_id: sum(track.dropped.values()) for track in stats.tracks}
