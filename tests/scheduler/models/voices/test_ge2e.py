"""The oracle is what Resemblyzer does: librosa's mel spectrum, PyTorch's LSTM, with the published weights."""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import librosa
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from argusd.scheduler.embeddings import centre
from argusd.scheduler.models.voices.ge2e import FRAMES, HOP, Ge2e
from argusd.scheduler.tasks.sound.utterance import cut
from argusd.scheduler.zoo.store import ZooStore

from ....media import AMI, LIBRISPEECH, Voices
from ...oracles import oracle as oracle_library
from ...recordings import Runners, samples

SLOTS = np.zeros(0, np.intp)
LEAST = {AMI.corpus: 0.985, LIBRISPEECH.corpus: 0.99}
Oracle = Callable[[NDArray[np.int16]], NDArray[np.float32]]


def embed(runners: Runners, windows: NDArray[np.int16]) -> NDArray[np.float32]:
    runner = runners("speaker_embedder")
    tensors = runner.run(runner.model.prepare(windows, SLOTS))
    return np.stack([row.embedding for row in runner.model.decode(tensors, SLOTS)])


@pytest.fixture(scope="module")
def oracle(store: ZooStore) -> Oracle:
    """One window to an embedding, as Resemblyzer's ``VoiceEncoder`` computes it."""
    checkpoint = torch.load(store.file("ge2e", "pretrained.pt"), map_location="cpu", weights_only=True)
    state: dict[str, Any] = checkpoint["model_state"]
    lstm, linear = torch.nn.LSTM(40, 256, 3, batch_first=True), torch.nn.Linear(256, 256)
    lstm.load_state_dict({name[5:]: value for name, value in state.items() if name.startswith("lstm.")})
    linear.load_state_dict({name[7:]: value for name, value in state.items() if name.startswith("linear.")})

    def embed(window: NDArray[np.int16]) -> NDArray[np.float32]:
        sound = window.astype(np.float32) / 32768
        loudness = 20 * np.log10(np.sqrt(np.mean(sound**2)))
        sound *= 10 ** (max(0.0, -30 - loudness) / 20)
        mels = librosa.feature.melspectrogram(
            y=sound, sr=16_000, n_fft=400, hop_length=160, n_mels=40, center=False
        )
        with torch.no_grad():
            hidden = lstm(torch.from_numpy(mels.T[None]))[1][0]
            raw = torch.relu(linear(hidden[-1]))
        return np.asarray((raw / torch.norm(raw, dim=1, keepdim=True))[0].numpy(), np.float32)

    return embed


def test_a_window_is_160_frames() -> None:
    model = Ge2e("ge2e")
    feeds = model.prepare(np.zeros((2, model.window), np.int16), SLOTS)
    assert feeds["mels"].shape == (2, FRAMES, 40)
    assert feeds["mels"].shape == model.example(2)["mels"].shape
    assert model.hop % HOP == 0


def test_quiet_sound_is_raised_and_loud_sound_left_alone() -> None:
    model = Ge2e("ge2e")
    quiet = np.random.default_rng(0).normal(0, 100, (1, model.window)).astype(np.int16)
    loud = quiet * 20
    raised = model.prepare(np.concatenate([quiet, 2 * quiet]), SLOTS)["mels"]
    np.testing.assert_allclose(raised[0], raised[1], rtol=1e-4)
    left = model.prepare(np.concatenate([loud, 2 * loud]), SLOTS)["mels"]
    np.testing.assert_allclose(4 * left[0], left[1], rtol=1e-4)


def test_embeddings_have_length_one_and_silence_none() -> None:
    raw = np.array([[3.0, 4.0], [0.0, 0.0]], np.float32)
    one, none = Ge2e("ge2e").decode([raw], SLOTS)
    np.testing.assert_allclose(one.embedding, [0.6, 0.8])
    assert not none.embedding.any()


@pytest.mark.weights
def test_speech_is_embedded_as_resemblyzer_does(runners: Runners, oracle: Oracle, voices: Voices) -> None:
    window = Ge2e.window
    recordings = [samples(path) for path in voices.paths()]
    windows = np.stack([sound[at : at + window] for sound in recordings for at in (8000, 20_000)])
    windows[0] //= 20  # quiet enough to be raised
    expected = np.stack([oracle(row) for row in windows])
    np.testing.assert_allclose(embed(runners, windows), expected, atol=2e-5)


@pytest.mark.weights
def test_silence_says_nothing(runners: Runners) -> None:
    found = embed(runners, np.zeros((1, Ge2e.window), np.int16))
    assert np.isfinite(found).all()


@pytest.mark.weights
@pytest.mark.filterwarnings("ignore")  # of what Resemblyzer's authors imported, years ago
def test_a_recording_is_embedded_as_resemblyzers_own_encoder_does(
    runners: Runners, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From i16 samples to one embedding. It raises a recording as a whole, we each window by itself, and its
    frames are centred 12.5 ms earlier; LibriSpeech's recordings give cosines of 0.9935 to 0.9995, AMI's of
    0.989 and more."""
    monkeypatch.setitem(sys.modules, "webrtcvad", ModuleType("webrtcvad"))  # for another purpose
    resemblyzer = oracle_library("resemblyzer")
    encoder = resemblyzer.VoiceEncoder("cpu", verbose=False)
    for path in voices.paths():
        sound = samples(path)
        raised = resemblyzer.audio.normalize_volume(sound.astype(np.float32) / 32768, -30, increase_only=True)
        windows = cut(sound, Ge2e.window, Ge2e.hop)
        expected, _, slices = encoder.embed_utterance(raised, return_partials=True)
        assert len(windows) == len(slices)
        assert float(centre(list(embed(runners, windows))) @ expected) > LEAST[voices.corpus], path.name
