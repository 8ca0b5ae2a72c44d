import numpy as np
import pytest

from argusd.kernels.fbank import fbank
from argusd.scheduler.models.wespeaker import WeSpeaker

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
