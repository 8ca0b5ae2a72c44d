import io
import warnings
import wave
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from argusd.kernels.sound.fbank import fbank
from argusd.scheduler.models.voices.wespeaker import WeSpeaker
from argusd.scheduler.zoo.importers.pytorch.torchaudio_shim import ensure_torchaudio
from argusd.scheduler.zoo.importers.pytorch.torchvision_shim import ensure_torchvision
from argusd.scheduler.zoo.importers.pytorch.wespeaker import import_wespeaker
from argusd.scheduler.zoo.store import ZooStore

SLOTS = np.zeros(0, np.intp)


def test_a_window_is_198_centred_frames() -> None:
    model = WeSpeaker("wespeaker")
    samples = np.random.default_rng(0).integers(-3000, 3000, (2, model.window), dtype=np.int16)
    feeds = model.prepare(samples, SLOTS)
    assert feeds["fbank"].shape == (2, 198, 80) == model.example(2)["fbank"].shape
    np.testing.assert_allclose(feeds["fbank"].mean(axis=1), 0, atol=1e-4)
    alone = fbank(samples[1:].astype(np.float32), 16_000, 400, 160, 80)[0]
    np.testing.assert_allclose(feeds["fbank"][1], alone - alone.mean(axis=0), atol=1e-4)


def test_loudness_makes_no_difference() -> None:
    model = WeSpeaker("wespeaker")
    samples = np.random.default_rng(0).integers(-3000, 3000, (1, model.window), dtype=np.int16)
    quiet, loud = model.prepare(np.concatenate([samples, 4 * samples]), SLOTS)["fbank"]
    np.testing.assert_allclose(quiet, loud, atol=1e-3)


def test_embeddings_have_length_one_and_silence_none() -> None:
    one, none = WeSpeaker("wespeaker").decode([np.array([[3.0, -4.0], [0.0, 0.0]], np.float32)], SLOTS)
    np.testing.assert_allclose(one.embedding, [0.6, -0.8])
    assert one.likeness == pytest.approx(0.3)
    assert not none.embedding.any()


@pytest.fixture(scope="module")
def theirs() -> Any:
    """pyannote's own, with random weights."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its dependencies about each other
        ensure_torchvision()
        ensure_torchaudio()
        from pyannote.audio.core.task import Problem, Resolution, Specifications
        from pyannote.audio.models.embedding import WeSpeakerResNet34
    torch.manual_seed(0)
    network = WeSpeakerResNet34()
    network.specifications = Specifications(
        problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=5.0
    )
    network.build()
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):  # fresh ones would do nothing
                layer.running_mean.uniform_(-0.5, 0.5)
                layer.running_var.uniform_(0.5, 1.5)
    return network.eval()


@pytest.fixture
def speech(store: ZooStore) -> NDArray[np.int16]:
    """Two windows of a recording."""
    with wave.open(str(store.file("two_speakers", "sample.wav"))) as recording:
        sound = np.frombuffer(recording.readframes(recording.getnframes()), np.int16)
    return np.stack([sound[start : start + WeSpeaker.window] for start in (8 * 16_000, 16 * 16_000)])


def waveforms(speech: NDArray[np.int16]) -> torch.Tensor:
    return torch.from_numpy(speech.astype(np.float32) / 32768)[:, None]


@pytest.mark.weights
@pytest.mark.filterwarnings("ignore")
def test_filter_banks_are_pyannotes(theirs: Any, speech: NDArray[np.int16]) -> None:
    expected = theirs.compute_fbank(waveforms(speech)).numpy()
    np.testing.assert_allclose(WeSpeaker("w").prepare(speech, SLOTS)["fbank"], expected, atol=2e-3)


@pytest.mark.weights
@pytest.mark.filterwarnings("ignore")
def test_speech_is_embedded_as_pyannote_does(theirs: Any, speech: NDArray[np.int16]) -> None:
    """From samples to embeddings, through its checkpoint, the importer and ONNX Runtime."""
    checkpoint = io.BytesIO()
    torch.save({"state_dict": theirs.state_dict()}, checkpoint)
    model = import_wespeaker(checkpoint.getvalue()).SerializeToString()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    ours = WeSpeaker("w")
    found = ours.decode(session.run(None, ours.prepare(speech, SLOTS)), SLOTS)
    with torch.no_grad():
        expected = torch.nn.functional.normalize(theirs(waveforms(speech))).numpy()
    assert expected[0] @ expected[1] < 0.9999  # it tells them apart at all
    np.testing.assert_allclose(np.stack([row.embedding for row in found]), expected, atol=1e-4)
