import numpy as np
import pytest

from argusd.scheduler.tasks.sound.utterance import Utterance
from argusd.scheduler.tasks.sound.voice_quality import voice_quality

ONE, OTHER = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
NOTHING = np.zeros(0, np.int16)


@pytest.mark.parametrize(
    ("speech_s", "snr_db", "clipped", "score"),
    [
        pytest.param(30.0, 40.0, 0.0, 1.0, id="good"),
        pytest.param(3.0, 40.0, 0.0, 0.5, id="short"),
        pytest.param(30.0, 6.0, 0.0, 0.4, id="noisy"),
        pytest.param(30.0, -2.0, 0.0, 0.0, id="drowned"),
        pytest.param(30.0, 40.0, 0.0025, 0.75, id="clipped"),
        pytest.param(3.0, 6.0, 0.0025, 0.4, id="the worst counts"),
    ],
)
def test_a_recording_is_as_good_as_its_worst_property(
    speech_s: float, snr_db: float, clipped: float, score: float
) -> None:
    found = voice_quality(Utterance(NOTHING, speech_s, snr_db, clipped), [ONE, ONE], 0.8)
    assert found.score == pytest.approx(score)
    assert found.consistency == pytest.approx(1.0)


def test_two_voices_are_inconsistent() -> None:
    found = voice_quality(Utterance(NOTHING, 30.0, 40.0, 0.0), [ONE, OTHER], 0.8)
    assert found.consistency == pytest.approx(0.5**0.5)
    assert found.score == 0
