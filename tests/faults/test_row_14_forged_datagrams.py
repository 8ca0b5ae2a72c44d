"""Alerts, hellos, checks, errors, empty and garbage datagrams of strangers, from the first moment on."""

import asyncio
import time

import pytest

from argusd.benchmarks.clips import video_clip
from argusd.benchmarks.peers.publisher import PacketTrack, Publisher
from argusd.ingest.ipc.messages import SessionAnswer, SessionState

from ..ingest.attacks import spray
from ..ingest.conftest import Rig
from .conftest import Outcome

SESSIONS = 5  # twenty repeats make a hundred
FRAMES = 15
STRANGERS = ("127.0.0.1", "127.0.0.2")


@pytest.mark.fault(14, "forged alerts, empty and garbage datagrams")
async def test_every_session_connects_and_lives(worker: Rig, outcome: Outcome) -> None:
    slowest_s = 0.0
    for number in range(SESSIONS):
        slowest_s = max(slowest_s, await connect(worker, f"session-{number}"))
    outcome.recovered(slowest_s)
    outcome.lost(0)


async def connect(worker: Rig, session_id: str) -> float:
    """Connect while strangers send all that they have; how long it took to the first pictures."""
    publisher = Publisher([PacketTrack("video", video_clip("vp8", 160, 120, 30, gop=15), repeat=5)])
    answer = await worker.request(session_id, await worker.offer(publisher))
    assert isinstance(answer, SessionAnswer)
    stop, begun = asyncio.Event(), time.monotonic()
    attacks = [asyncio.ensure_future(spray(answer.answer_sdp, stop, each)) for each in STRANGERS]
    await publisher.accept(answer.answer_sdp)
    place = (await worker.opened("video")).place
    await worker.written(place, FRAMES)
    took_s = time.monotonic() - begun
    stop.set()
    sent = sum(await asyncio.gather(*attacks))
    await worker.counters(
        "video", lambda each: each.session_id == session_id and sum(each.dropped.values()) == sent
    )
    await publisher.close()
    ended = await worker.controller.take(SessionState, lambda state: state.state == "closed")
    assert (ended.session_id, ended.reason) == (session_id, "client")
    return took_s
