"""The streams that hear, through the loop, with voice detectors of other windows than the usual one."""

import asyncio
from collections.abc import Mapping

import numpy as np
import pytest

from argusd.scheduler.analyzers.audio import AudioAnalyzer
from argusd.scheduler.contract.media import SAMPLE_RATE
from argusd.scheduler.contract.messages import SessionPolicy
from argusd.scheduler.planning.curve import BatchCurve
from argusd.scheduler.runtime.executor import Executor
from argusd.scheduler.runtime.loaded_sound import LoadedAudioModel
from argusd.scheduler.runtime.loop import Scheduler

from ..fakes import ALICE, ArenaWithTracks, FakeEngine, FakeVad, HeardFindings

CALL_BOUND = BatchCurve(sizes=[1, 4], seconds=[0.001, 0.0012])
BEGIN = 1000.0
PACKET = 320
PARTS = ((0, 1.2), (8000, 2.4), (0, 1.2), (8000, 1.2), (0, 1.2))  # level, seconds


async def heard_by(vad: FakeVad) -> tuple[HeardFindings, Mapping[str, int]]:
    """What the stream tells of two parts of speech that come packet by packet, and what was passed over."""
    now = BEGIN
    heard, tracks = HeardFindings(), ArenaWithTracks()
    executor = Executor(1, shared=False, clock=lambda: now)
    loaded = LoadedAudioModel(vad, FakeEngine(), CALL_BOUND)
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
        async with asyncio.timeout(10):
            while executor.state.free < executor.state.total:  # noqa: ASYNC110 - threads set no event here
                await asyncio.sleep(0)
    scheduler.sessions.end(ALICE)
    executor.close()
    return heard, scheduler.meters.dropped["audio"]


@pytest.mark.parametrize(
    "vad",
    [FakeVad(480), FakeVad(640), FakeVad(800), FakeVad(800, 400)],
    ids=lambda vad: f"{vad.window}/{vad.hop}",
)
async def test_speech_begins_and_ends_where_it_does(vad: FakeVad) -> None:
    heard, dropped = await heard_by(vad)
    told = [outcome for _, _, outcome, _ in heard.findings if outcome.name == "speech"]
    assert [outcome.state for outcome in told] == ["start", "end", "start", "end"]
    assert [outcome.data for outcome in told[1::2]] == [
        {"start_s": 1.2, "end_s": 3.6, "duration_s": 2.4},
        {"start_s": 4.8, "end_s": 6.0, "duration_s": 1.2},
    ]
    assert not dropped


async def test_every_window_is_heard_in_time() -> None:
    heard, _ = await heard_by(FakeVad(480))
    moments = [at for _, _, outcome, at in heard.findings if outcome.name == "audio"]
    assert {at.lasts_s for at in moments} == {0.03}
    assert max(at.frame_age_ms for at in moments) <= 30.0
