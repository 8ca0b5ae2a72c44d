import wave
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.scheduler.contract.errors import ModelUnavailable, NoSpeech, TooShort
from argusd.scheduler.contract.media import SAMPLE_RATE
from argusd.scheduler.contract.tasks.voices import AudioDiarize, AudioDiarizeReply, Segment
from argusd.scheduler.loaded.loaded_sound import LoadedAudioModel
from argusd.scheduler.models.outputs import SpokenPart, VoiceActivity, VoicePrint
from argusd.scheduler.planning.curve import BatchCurve
from argusd.scheduler.tasks.diarize import (
    Turn,
    audio_diarize,
    find_turns,
    spoken,
    window_middles,
    with_breaths,
)
from argusd.scheduler.zoo.store import ZooStore

from ...media import AMI, LIBRISPEECH, Voices
from ..diarization import error_rate, truth_of
from ..fakes import FakeEngine, FakeVad
from ..recordings import Runners, samples
from .direct_runner import DirectRunner

Score = Callable[[AudioDiarizeReply, float], float]
HOP = 512
# One, another, the first again, a third.
TURNS = {
    AMI.corpus: ("MEO069-0000", "FEE078-0000", "MEO069-0001", "FEE083-0000"),
    LIBRISPEECH.corpus: ("1998-15444-0000", "2033-164914-0000", "1998-15444-0001", "2414-128291-0001"),
}
HERE = np.array([1, 0, 0], np.float32)
THERE = np.array([0, 1, 0], np.float32)


def mask(text: str) -> NDArray[np.bool_]:
    return np.array([letter == "#" for letter in text])


def heard(text: str) -> list[VoiceActivity]:
    """Surely speech, likely, or not at all."""
    return [VoiceActivity({"#": 0.9, "+": 0.3, ".": 0.1}[letter], 0.1) for letter in text]


def test_short_pauses_are_bridged_and_a_little_is_kept_around() -> None:
    voices = heard("....##......##.......#......")
    np.testing.assert_array_equal(spoken(voices, HOP), mask("...############.....###....."))


def test_what_is_likely_speech_counts_where_some_of_it_surely_is() -> None:
    voices = heard("..+++..........+++#++++..........++")
    np.testing.assert_array_equal(spoken(voices, HOP), mask("..............##########..........."))


def test_a_breath_belongs_to_the_turn_around_it() -> None:
    turns = [
        Turn(0, 0, 20),
        Turn(0, 30, 50),
        Turn(1, 60, 64),
        Turn(1, 70, 90),
        Turn(0, 95, 99),
        Turn(0, 140, 200),
    ]
    joined = with_breaths(turns, longest=30)
    assert joined == [Turn(0, 0, 50), Turn(1, 60, 64), Turn(1, 70, 90), Turn(0, 95, 99), Turn(0, 140, 200)]


def test_windows_are_embedded_where_there_is_speech() -> None:
    speech = np.zeros(64, np.bool_)
    speech[15:34] = True
    np.testing.assert_array_equal(window_middles(speech, HOP), [16 * HOP, 24 * HOP, 32 * HOP])


def test_the_shortest_speech_is_embedded_too() -> None:
    speech = np.zeros(64, np.bool_)
    speech[17] = True
    np.testing.assert_array_equal(window_middles(speech, HOP), [17 * HOP])


def test_half_an_hour_takes_longer_steps() -> None:
    middles = window_middles(np.ones(30 * 60 * SAMPLE_RATE // HOP, np.bool_), HOP)
    assert 1900 < len(middles) <= 2000


def test_turns_change_half_way_between_windows_and_end_with_speech() -> None:
    speech = mask("#" * 40 + "." * 10 + "#" * 14)
    middles = np.array([0, 8, 16, 24, 32, 56]) * HOP
    likeness = np.stack([HERE, HERE, HERE, THERE, THERE, HERE])[:, :2]
    assert find_turns(speech, HOP, middles, likeness) == [Turn(0, 0, 20), Turn(1, 20, 40), Turn(0, 50, 64)]


class Diarizer:
    """A model that fills the diarizer's role."""

    def __init__(self, *parts: SpokenPart) -> None:
        self.parts = list(parts)
        self.asked: list[tuple[int, int | None]] = []

    def diarize(
        self, samples: NDArray[np.int16], speakers: int | None, given_up: Callable[[], bool]
    ) -> list[SpokenPart]:
        self.given_up = given_up
        assert not given_up()
        self.asked.append((len(samples), speakers))
        return self.parts


class WithDiarizer(DirectRunner):
    def __init__(self, diarizer: Diarizer) -> None:
        self._diarizer = diarizer

    def model(self, role: str) -> Diarizer:
        assert role == "diarizer"
        return self._diarizer


async def test_a_diarizer_is_used_where_there_is_one() -> None:
    diarizer = Diarizer(SpokenPart("SPEAKER_01", 0.25, 1.75004), SpokenPart("SPEAKER_00", 1.5, 3.0))
    result = await audio_diarize(asked(np.zeros(3 * SAMPLE_RATE, np.int16), 2), WithDiarizer(diarizer))
    assert diarizer.asked == [(3 * SAMPLE_RATE, 2)]
    assert diarizer.given_up(), "its task is over"
    assert result == AudioDiarizeReply(
        [Segment("SPEAKER_01", 0.25, 1.75), Segment("SPEAKER_00", 1.5, 3.0)], speakers=2
    )


async def test_a_diarizer_that_hears_nobody() -> None:
    with pytest.raises(NoSpeech):
        await audio_diarize(asked(np.zeros(3 * SAMPLE_RATE, np.int16)), WithDiarizer(Diarizer()))


class TwoVoices(DirectRunner):
    """A voice detector of 30 ms windows, and an embedder that knows two voices by their level."""

    def __init__(self) -> None:
        self._models: dict[str, Any] = {"vad": FakeVad(480), "speaker_embedder": FakeEmbedder()}

    def model(self, role: str) -> Any:
        if role not in self._models:
            raise ModelUnavailable(role)
        return self._models[role]

    async def infer_sequence(self, role: str, samples: NDArray[np.int16]) -> list[Any]:
        curve = BatchCurve(sizes=[1], seconds=[0.001])
        return LoadedAudioModel(self._models[role], FakeEngine(), curve).infer_sequence(samples)

    async def infer_windows(self, role: str, windows: NDArray[np.int16]) -> list[VoicePrint]:
        return [VoicePrint(HERE if window.max() < 10_000 else THERE, 0.5, "fake") for window in windows]


class FakeEmbedder:
    window = 480


async def test_a_voice_detector_of_another_window_tells_the_same_turns() -> None:
    parts = [(0, 0.6), (5_000, 1.5), (0, 0.9), (20_000, 1.8), (0, 0.6)]
    sound = np.concatenate([np.full(round(s * SAMPLE_RATE), level, np.int16) for level, s in parts])
    result = await audio_diarize(asked(sound), TwoVoices())
    assert result == AudioDiarizeReply(
        [Segment("SPEAKER_00", 0.57, 2.13), Segment("SPEAKER_01", 2.97, 4.83)], speakers=2
    )


@pytest.fixture(scope="module")
def telephone(store: ZooStore) -> NDArray[np.int16]:
    with wave.open(str(store.file("two_speakers", "sample.wav"))) as recording:
        return np.frombuffer(recording.readframes(recording.getnframes()), np.int16)


@pytest.fixture(scope="module")
def score(store: ZooStore, telephone: NDArray[np.int16]) -> Score:
    """The error rate against the published annotation, over the whole recording."""
    truth = truth_of(store.file("two_speakers", "sample.rttm"))
    return lambda result, collar: error_rate(result, truth, len(telephone) / SAMPLE_RATE, collar)


def asked(sound: NDArray[np.int16], speakers: int | None = None) -> AudioDiarize:
    return AudioDiarize(
        audio_b64=sound.astype("<i2").tobytes(), sample_rate=SAMPLE_RATE, num_speakers=speakers
    )


def middle(segment: Segment) -> float:
    return (segment.start_s + segment.end_s) / 2


@pytest.mark.weights
@pytest.mark.parametrize("speakers", [None, 2])
async def test_a_telephone_call_between_two_people(
    runners: Runners, telephone: NDArray[np.int16], score: Score, speakers: int | None
) -> None:
    result = await audio_diarize(asked(telephone, speakers), DirectRunner(runners))
    strict, usual = score(result, 0.0), score(result, 0.5)
    print(f"error rate {strict:.1%}; {usual:.1%} not counting ¼ s around turns")  # noqa: T201 - to be seen
    assert result.speakers == 2
    assert strict < 0.178
    assert usual < 0.05


@pytest.mark.weights
async def test_a_reader_far_from_the_microphone_is_heard_all_along(runners: Runners) -> None:
    """Nobody else speaks there, and by the corpus' own account he does not pause."""
    sound = np.concatenate([samples(AMI.path(f"MEO069-000{number}")) for number in (0, 1)])
    result = await audio_diarize(asked(sound), DirectRunner(runners))
    assert result.speakers == 1
    told_s = sum(segment.end_s - segment.start_s for segment in result.segments)
    assert told_s > 0.93 * len(sound) / SAMPLE_RATE


@pytest.mark.weights
async def test_a_wrong_number_of_speakers_is_the_callers(
    runners: Runners, telephone: NDArray[np.int16], score: Score
) -> None:
    result = await audio_diarize(asked(telephone, 1), DirectRunner(runners))
    assert {segment.speaker for segment in result.segments} == {"SPEAKER_00"}
    assert score(result, 0.0) > 0.4


@pytest.mark.weights
async def test_speakers_in_turns(runners: Runners, voices: Voices) -> None:
    parts = [samples(voices.path(name))[: 6 * SAMPLE_RATE] for name in TURNS[voices.corpus]]
    result = await audio_diarize(asked(np.concatenate(parts)), DirectRunner(runners))
    assert result.speakers == 3
    told = {(middle(segment) // 6, segment.speaker) for segment in result.segments}
    assert told == {(0, "SPEAKER_00"), (1, "SPEAKER_01"), (2, "SPEAKER_00"), (3, "SPEAKER_02")}


@pytest.mark.weights
async def test_one_voice_is_one_speaker(runners: Runners, voices: Voices) -> None:
    sound = np.concatenate([samples(path) for path in voices.paths()[:2]])
    assert (await audio_diarize(asked(sound), DirectRunner(runners))).speakers == 1


@pytest.mark.weights
async def test_sound_without_a_voice(runners: Runners) -> None:
    with pytest.raises(NoSpeech):
        await audio_diarize(asked(np.zeros(5 * SAMPLE_RATE, np.int16)), DirectRunner(runners))
    with pytest.raises(TooShort):
        await audio_diarize(asked(np.zeros(800, np.int16)), DirectRunner(runners))
