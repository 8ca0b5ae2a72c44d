"""The audio stream with real models on real voices, one after the other."""

import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.scheduler.analyzers.audio import AudioAnalyzer
from argusd.scheduler.contract.media import SAMPLE_RATE
from argusd.scheduler.contract.policy import Policy, SecondSpeaker
from argusd.scheduler.contract.tasks.voices import AudioEnroll
from argusd.scheduler.tasks.voices import audio_enroll

from ...media import AMI, LIBRISPEECH, Voices
from ..recordings import Runners, listen, samples
from ..tasks.direct_runner import DirectRunner

pytestmark = pytest.mark.weights

# Who speaks first and last, and who between.
CHANGES = {AMI.corpus: [(0, 2), (2, 0), (3, 0), (3, 1)], LIBRISPEECH.corpus: [(0, 1), (1, 2), (2, 0), (3, 1)]}


def said_by(voices: Voices, speaker: int, number: int, seconds: float = 60) -> NDArray[np.int16]:
    sound = samples(voices.path(f"{voices.speakers[speaker]}-000{number}"))
    return sound[: int(seconds * SAMPLE_RATE)]


@pytest.mark.parametrize("speaker", range(4))
def test_one_speaker_stays_the_same_voice(runners: Runners, voices: Voices, speaker: int) -> None:
    sound = np.concatenate([said_by(voices, speaker, number) for number in (0, 1)])
    findings = listen(runners, AudioAnalyzer(Policy()), sound)
    assert findings.observations("speaker_change") == []
    assert findings.violations("second_speaker") == []
    assert findings.latest[10][1]["speaker_change"] is None
    assert findings.latest[-1][1]["speaker_change"] is False


@pytest.mark.parametrize("change", range(4))
def test_another_speaker_is_a_change_and_a_second_speaker(
    runners: Runners, voices: Voices, change: int
) -> None:
    one, other = CHANGES[voices.corpus][change]
    first, second, third = (
        said_by(voices, one, 1, 6),
        said_by(voices, other, 0, 7),
        said_by(voices, one, 0, 7),
    )
    begin_s, end_s = len(first) / SAMPLE_RATE, (len(first) + len(second)) / SAMPLE_RATE
    findings = listen(runners, AudioAnalyzer(Policy()), np.concatenate([first, second, third]))
    start, *_, end = findings.violations("second_speaker")
    assert (start.state, end.state) == ("start", "end")
    assert start.data["start_s"] == pytest.approx(begin_s, abs=2.0)
    assert end.data["end_s"] == pytest.approx(end_s, abs=2.0)
    assert start.data["against"] == "first_voice"
    assert start.data["value"] < start.data["threshold"]

    changes = [media_s for media_s, outcome in findings.told if outcome.name == "speaker_change"]
    assert changes == [pytest.approx(begin_s, abs=3.5), pytest.approx(end_s, abs=3.5)]
    assert any(latest["speaker_change"] for latest in findings.between(begin_s, begin_s + 4))


async def test_a_reference_tells_from_the_first_word_on(runners: Runners, voices: Voices) -> None:
    sound = voices.path(f"{voices.speakers[0]}-0000").read_bytes()
    enrolled = await audio_enroll(AudioEnroll(audio_b64=sound), DirectRunner(runners))
    reference = enrolled.embedding_b64
    policy = Policy(second_speaker=SecondSpeaker(reference_embedding_b64=reference))

    own = listen(runners, AudioAnalyzer(policy), said_by(voices, 0, 1))
    assert own.violations("second_speaker") == []
    other = listen(runners, AudioAnalyzer(policy), said_by(voices, 2, 0))
    start = other.violations("second_speaker")[0]
    assert start.data["against"] == "reference"
    assert start.data["start_s"] < 3
    assert other.observations("speaker_change") == []


def test_silence_is_nobodys_voice(runners: Runners) -> None:
    findings = listen(runners, AudioAnalyzer(Policy()), np.zeros(5 * SAMPLE_RATE, np.int16))
    assert findings.latest[-1][1]["speaker_change"] is None
