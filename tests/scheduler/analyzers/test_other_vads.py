"""The audio stream, through the loop, with voice detectors of other windows than the usual one."""

import pytest

from argusd.scheduler.loaded.loaded_sound import LoadedAudioModel
from argusd.scheduler.planning.curve import BatchCurve

from ..fakes import FakeEngine, FakeVad
from ..microphone import heard_by

CALL_BOUND = BatchCurve(sizes=[1, 4], seconds=[0.001, 0.0012])


@pytest.mark.parametrize(
    "vad",
    [FakeVad(480), FakeVad(640), FakeVad(800), FakeVad(800, 400)],
    ids=lambda vad: f"{vad.window}/{vad.hop}",
)
async def test_speech_begins_and_ends_where_it_does(vad: FakeVad) -> None:
    heard, dropped = await heard_by(LoadedAudioModel(vad, FakeEngine(), CALL_BOUND))
    told = [outcome for _, _, outcome, _ in heard.findings if outcome.name == "speech"]
    assert [outcome.state for outcome in told] == ["start", "end", "start", "end"]
    assert [outcome.data for outcome in told[1::2]] == [
        {"start_s": 1.2, "end_s": 3.6, "duration_s": 2.4},
        {"start_s": 4.8, "end_s": 6.0, "duration_s": 1.2},
    ]
    assert not dropped


async def test_every_window_is_heard_in_time() -> None:
    heard, _ = await heard_by(LoadedAudioModel(FakeVad(480), FakeEngine(), CALL_BOUND))
    moments = [at for _, _, outcome, at in heard.findings if outcome.name == "audio"]
    assert {at.lasts_s for at in moments} == {0.03}
    assert max(at.frame_age_ms for at in moments) <= 30.0
