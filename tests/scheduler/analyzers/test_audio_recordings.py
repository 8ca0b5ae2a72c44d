"""The audio stream with the real voice detector on real speech."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from argusd.scheduler.analyzers.audio import AudioAnalyzer
from argusd.scheduler.analyzers.speech import MIN_SILENCE_S
from argusd.scheduler.contract.media import SAMPLE_RATE
from argusd.scheduler.contract.policy import Policy, SpeechDetected
from argusd.scheduler.core import Outcome
from argusd.scheduler.models.voices.silero import WINDOW

from ...media import Voices
from ..recordings import Runners, listen, samples

pytestmark = pytest.mark.weights


def silence(seconds: float) -> NDArray[np.int16]:
    return np.zeros(int(seconds * SAMPLE_RATE), np.int16)


def ends(outcomes: list[Outcome]) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.state == "end"]


def test_speech_segments_lie_where_the_speech_is(runners: Runners, voices: Voices) -> None:
    parts, truth, at = [silence(2.0)], [], 2.0
    for name, (begin, end) in voices.spoken.items():
        sound = samples(voices.path(name))
        parts += [sound, silence(2.0)]
        truth.append((at + begin, at + end))
        at += len(sound) / SAMPLE_RATE + 2.0
    findings = listen(runners, AudioAnalyzer(Policy()), np.concatenate(parts))

    told = findings.observations("speech")
    assert [outcome.state for outcome in told] == ["start", "end"] * (len(told) // 2)
    segments = [(outcome.data["start_s"], outcome.data["end_s"]) for outcome in ends(told)]
    for begin, end in truth:
        # Within an utterance there are pauses, so it may have several segments; its borders count.
        own = [segment for segment in segments if begin - 1 < segment[0] < end]
        assert own[0][0] == pytest.approx(begin, abs=0.2)
        assert own[-1][1] == pytest.approx(end, abs=0.2)
        segments = [segment for segment in segments if segment not in own]
    assert segments == []  # nothing in the silence between
    for outcome in ends(told):
        assert outcome.data["duration_s"] == pytest.approx(
            outcome.data["end_s"] - outcome.data["start_s"], abs=0.002
        )


def test_segments_are_those_of_sileros_own_iterator(runners: Runners, voices: Voices) -> None:
    """With the same limits. It takes a click for speech, and reports starts without waiting; we tell from the
    same instant on, a tenth of a second later. Sound between the two thresholds may lengthen ours."""
    from silero_vad import VADIterator, load_silero_vad

    theirs = VADIterator(
        load_silero_vad(onnx=True), 0.5, min_silence_duration_ms=int(1000 * MIN_SILENCE_S), speech_pad_ms=0
    )
    for path in voices.paths():
        sound = np.concatenate([samples(path), silence(2)])
        theirs.reset_states()
        windows = sound[: len(sound) // WINDOW * WINDOW].reshape(-1, WINDOW)
        heard = [theirs(torch.from_numpy(window.astype(np.float32) / 32768)) for window in windows]
        expected = [sample / SAMPLE_RATE for edge in heard if edge for sample in edge.values()]
        told = ends(listen(runners, AudioAnalyzer(Policy()), sound).observations("speech"))
        found = [edge for outcome in told for edge in (outcome.data["start_s"], outcome.data["end_s"])]
        assert len(expected) >= 2
        assert found == pytest.approx(expected, abs=1e-3), path.name


def test_silence_and_noise_are_no_speech(runners: Runners) -> None:
    noise = np.random.default_rng(0).normal(0, 300, 5 * SAMPLE_RATE).astype(np.int16)
    findings = listen(runners, AudioAnalyzer(Policy()), np.concatenate([silence(5), noise]))
    assert findings.observations("speech") == []
    assert findings.between(1, 4)[0]["rms_dbfs"] == -96
    assert findings.between(6, 9)[0]["rms_dbfs"] == pytest.approx(20 * np.log10(300 / 32768), abs=1)


def test_speech_is_a_violation_where_silence_is_asked_for(runners: Runners, voices: Voices) -> None:
    name, (begin, end) = next(iter(voices.spoken.items()))
    sound = np.concatenate([samples(voices.path(name)), silence(3)])
    policy = Policy(speech_detected=SpeechDetected(enabled=True))
    start, over = listen(runners, AudioAnalyzer(policy), sound).violations("speech_detected")
    assert (start.state, over.state) == ("start", "end")
    assert start.data["start_s"] == pytest.approx(begin, abs=0.3)
    assert over.data["end_s"] >= end - 0.2
    assert start.data["threshold"] == 0.5

    assert listen(runners, AudioAnalyzer(Policy()), sound).violations("speech_detected") == []
