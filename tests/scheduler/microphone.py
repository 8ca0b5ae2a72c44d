"""A microphone before the audio stream, through the loop."""

import asyncio
from collections.abc import Mapping

import numpy as np

from argusd.scheduler.analyzers.audio import AudioAnalyzer
from argusd.scheduler.contract.media import SAMPLE_RATE
from argusd.scheduler.contract.messages import SessionPolicy
from argusd.scheduler.loaded.loaded_model import LoadedModel
from argusd.scheduler.runtime.executor import Executor
from argusd.scheduler.runtime.loop import Scheduler

from ..waiting import LONGEST_S
from .fakes import ALICE, ArenaWithTracks, HeardFindings

BEGIN = 1000.0
PACKET = 320
PARTS = ((0, 1.2), (8000, 2.4), (0, 1.2), (8000, 1.2), (0, 1.2))  # level, seconds


async def heard_by(loaded: LoadedModel) -> tuple[HeardFindings, Mapping[str, int]]:
    """What the stream tells of two parts of speech that come packet by packet, and what was passed over."""
    now = BEGIN
    heard, tracks = HeardFindings(), ArenaWithTracks()
    executor = Executor(1, shared=False, clock=lambda: now)
    scheduler = Scheduler([("vad", loaded)], {"audio": AudioAnalyzer}, heard, executor, clock=lambda: now)
    ring, ref = tracks.pcm()
    scheduler.sessions.set_policy(SessionPolicy(ALICE, ["audio"]))
    scheduler.sessions.ring_opened(ALICE, ref)
    sound = np.concatenate(
        [np.full(round(seconds * SAMPLE_RATE), level, np.int16) for level, seconds in PARTS]
    )
    for first in range(0, len(sound), PACKET):
        ring.write(sound[first : first + PACKET], 0, int(now * 1e9), 0)
        now += PACKET / SAMPLE_RATE
        scheduler.tick()
        async with asyncio.timeout(LONGEST_S):
            while executor.state.free < executor.state.total:  # noqa: ASYNC110 - threads set no event here
                await asyncio.sleep(0)
    scheduler.sessions.end(ALICE)
    executor.close()
    return heard, scheduler.meters.dropped["audio"]
