"""A reader is killed while it reads: its writer holds nothing for it, goes on, and gives all memory back."""

import asyncio
import sys
import time
from asyncio.subprocess import PIPE
from pathlib import Path

import psutil
import pytest

from argusd.benchmarks.peers.clips import video_clip
from argusd.benchmarks.peers.publisher import PacketTrack, Publisher
from argusd.ingest.ipc.messages import CloseSession, SessionState

from ..ingest.conftest import Rig
from ..waiting import until
from .halting_reader import MOMENTS
from .outcome import Outcome

PROGRAM = Path(__file__).with_name("halting_reader.py")


@pytest.mark.fault(6, "reader killed while it reads")
async def test_nothing_is_held(worker: Rig, outcome: Outcome) -> None:
    publisher = Publisher([PacketTrack("video", video_clip("vp8", 160, 120, 30, gop=15), repeat=20)])
    await worker.publish("one", publisher)
    place = (await worker.opened("video")).place
    await worker.written(place, 1)
    process, slowest_s = psutil.Process(), 0.0
    descriptors = process.num_fds()
    for moment in MOMENTS:
        command = (sys.executable, str(PROGRAM), str(worker.config.socket_path), moment)
        reader = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
        assert reader.stdout is not None
        assert (await reader.stdout.readline()).decode().strip() == moment
        reader.kill()
        killed = time.monotonic()
        await reader.communicate()
        await until(lambda: process.num_fds() == descriptors)
        slowest_s = max(slowest_s, time.monotonic() - killed)
        head = int(worker.view.table[place, 6])
        await worker.written(place, head + 10)  # more than there are slots
    worker.controller.channel.send(CloseSession("one"))
    await worker.controller.take(SessionState, lambda state: state.state == "closed")
    assert not worker.view.table[:, 0].any()
    outcome.recovered(slowest_s)
    outcome.lost(0)
