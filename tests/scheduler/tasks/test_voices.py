"""Enrolling and verifying voices, with real models on LibriSpeech's speakers."""

import io
import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.scheduler.contract.errors import EmbeddingSize, NoSpeech, TooShort
from argusd.scheduler.contract.media import SAMPLE_RATE
from argusd.scheduler.contract.tasks.voices import AudioEnroll, AudioVerify
from argusd.scheduler.tasks.voices import audio_enroll, audio_verify

from ..recordings import Runners, samples
from .direct_runner import DirectRunner

pytestmark = pytest.mark.weights

SPEAKERS = ("1688-142285", "1998-15444", "2033-164914", "2414-128291")


@pytest.fixture(scope="module")
def runner(runners: Runners) -> DirectRunner:
    return DirectRunner(runners)


@pytest.fixture(scope="module")
def speech(media: Path) -> Path:
    return media / "speech"


def raw(sound: NDArray[np.int16]) -> AudioEnroll:
    return AudioEnroll(audio_b64=sound.astype("<i2").tobytes(), sample_rate=SAMPLE_RATE)


async def enrolled(runner: DirectRunner, sound: bytes) -> bytes:
    result = await audio_enroll(AudioEnroll(audio_b64=sound), runner)
    return result.embedding_b64


async def test_every_speaker_is_told_from_every_other(runner: DirectRunner, speech: Path) -> None:
    same: list[float] = []
    different: list[float] = []
    for one in SPEAKERS:
        reference = await enrolled(runner, (speech / f"{one}-0000.flac").read_bytes())
        for other in SPEAKERS:
            sound = (speech / f"{other}-0001.flac").read_bytes()
            result = await audio_verify(
                AudioVerify(audio_b64=sound, reference_embedding_b64=reference), runner
            )
            assert result.match == (one == other)
            (same if one == other else different).append(result.score)
    # The threshold, 0.77, lies in the middle of the gap; these are the margins seen, less a little.
    assert min(same) > 0.77 + 0.06
    assert max(different) < 0.77 - 0.06


async def test_the_callers_threshold_counts(runner: DirectRunner, speech: Path) -> None:
    payload = AudioVerify(
        audio_b64=(speech / "1688-142285-0001.flac").read_bytes(),
        reference_embedding_b64=await enrolled(runner, (speech / "1688-142285-0000.flac").read_bytes()),
        threshold=0.99,
    )
    result = await audio_verify(payload, runner)
    assert (result.match, result.threshold) == (False, 0.99)
    assert result.score == pytest.approx(0.952, abs=0.005)


async def test_enrolment_of_a_good_recording(runner: DirectRunner, speech: Path) -> None:
    result = await audio_enroll(
        AudioEnroll(audio_b64=(speech / "2033-164914-0000.flac").read_bytes()), runner
    )
    embedding = np.frombuffer(result.embedding_b64, "<f4")
    assert embedding.shape == (256,)
    assert np.linalg.norm(embedding) == pytest.approx(1.0, abs=1e-5)
    assert result.quality_score > 0.9
    assert result.speech_s == pytest.approx(5.7, abs=0.3)
    assert result.snr_db > 40
    assert result.clipped == 0


async def test_what_harms_a_recording_shows_in_its_quality(runner: DirectRunner, speech: Path) -> None:
    sound = samples(speech / "2033-164914-0000.flac")
    noise = np.random.default_rng(0).normal(0, 800, len(sound))
    other = samples(speech / "1998-15444-0000.flac")
    noisy = await audio_enroll(raw((sound + noise).clip(-32768, 32767).astype(np.int16)), runner)
    loud = await audio_enroll(raw((sound * 30.0).clip(-32768, 32767).astype(np.int16)), runner)
    two = await audio_enroll(raw(np.concatenate([sound, other[: len(sound)]])), runner)
    assert noisy.quality_score < 0.6
    assert noisy.snr_db < 10
    assert loud.quality_score < 0.1
    assert loud.clipped > 0.01
    assert two.consistency < 0.85


async def test_containers_and_rates_give_the_same_voice(runner: DirectRunner, speech: Path) -> None:
    sound = samples(speech / "1998-15444-0001.flac")
    file = io.BytesIO()
    with wave.open(file, "wb") as output:
        output.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        output.writeframes(sound.tobytes())
    from_wav = await audio_enroll(AudioEnroll(audio_b64=file.getvalue()), runner)
    assert from_wav == await audio_enroll(raw(sound), runner)


@pytest.mark.parametrize(
    ("sound", "error"),
    [
        pytest.param(np.zeros(5 * SAMPLE_RATE, np.int16), NoSpeech, id="silence"),
        pytest.param(np.full(SAMPLE_RATE // 20, 900, np.int16), TooShort, id="50 ms"),
        pytest.param(np.random.default_rng(0).normal(0, 300, 80_000).astype(np.int16), NoSpeech, id="noise"),
    ],
)
async def test_sound_without_a_voice(
    runner: DirectRunner, sound: NDArray[np.int16], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await audio_enroll(raw(sound), runner)


async def test_a_reference_of_another_model_is_refused_before_listening(runner: DirectRunner) -> None:
    payload = AudioVerify(audio_b64=b"", reference_embedding_b64=b"\0\0\x80\x3f" * 1024)
    with pytest.raises(EmbeddingSize, match="256 float32"):
        await audio_verify(payload, runner)
