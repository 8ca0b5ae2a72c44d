import wave
from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from argusd.scheduler.models.voices.silero import FIRST_SLOTS, Silero
from argusd.scheduler.zoo.store import ZooStore

Run = Callable[[dict[str, NDArray[Any]]], list[NDArray[Any]]]


def slots(*numbers: int) -> NDArray[np.intp]:
    return np.array(numbers, np.intp)


def windows(rows: int, seed: int = 0) -> NDArray[np.int16]:
    return np.random.default_rng(seed).integers(-3000, 3000, (rows, 512), dtype=np.int16)


def fake_run(feeds: dict[str, NDArray[Any]]) -> list[NDArray[Any]]:
    """Speech = mean of the state; the new state is one more."""
    state = feeds["state"]
    return [state.mean(axis=(0, 2))[:, None], state + 1]


def hear(model: Silero, run: Run, samples: NDArray[np.int16], at: NDArray[np.intp]) -> list[float]:
    return [voice.speech for voice in model.decode(run(model.prepare(samples, at)), at)]


def test_each_slot_keeps_its_own_state() -> None:
    model = Silero("vad")
    assert hear(model, fake_run, windows(2), slots(3, 1)) == [0, 0]
    assert hear(model, fake_run, windows(2), slots(1, 2)) == [1, 0]
    assert hear(model, fake_run, windows(3), slots(1, 2, 3)) == [2, 1, 1]


def test_a_window_follows_the_end_of_the_one_before_it_in_its_slot() -> None:
    model, first, second = Silero("vad"), windows(2, 1), windows(2, 2)
    before = model.prepare(first, slots(0, 1))
    model.decode(fake_run(before), slots(0, 1))
    after = model.prepare(second, slots(1, 0))["input"]
    assert not before["input"][:, :64].any()
    np.testing.assert_array_equal(after[0, :64], before["input"][1, -64:])
    np.testing.assert_array_equal(after[1, 64:], second[1].astype(np.float32) / 32768)


def test_a_window_that_came_to_nothing_leaves_its_slot_as_it_was() -> None:
    model = Silero("vad")
    hear(model, fake_run, windows(1), slots(0))
    first = model.prepare(windows(1, 1), slots(0))
    again = model.prepare(windows(1, 1), slots(0))
    np.testing.assert_array_equal(first["input"], again["input"])
    np.testing.assert_array_equal(first["state"], again["state"])


def test_reset_forgets_one_slot_alone() -> None:
    model = Silero("vad")
    hear(model, fake_run, windows(2), slots(0, 1))
    model.reset(0)
    feeds = model.prepare(windows(2), slots(0, 1))
    assert not feeds["state"][:, 0].any()
    assert not feeds["input"][0, :64].any()
    assert feeds["state"][:, 1].all()
    assert feeds["input"][1, :64].any()


def test_more_slots_than_at_first_lose_nothing() -> None:
    model, many = Silero("vad"), FIRST_SLOTS * 5
    hear(model, fake_run, windows(1), slots(FIRST_SLOTS - 1))
    assert hear(model, fake_run, windows(2), slots(FIRST_SLOTS - 1, many)) == [1, 0]
    model.reset(2 * many)
    assert hear(model, fake_run, windows(2), slots(2 * many, many)) == [0, 1]


def test_level_of_a_square_wave() -> None:
    model = Silero("vad")
    half = np.full((1, 512), 16384, np.int16)
    half[:, ::2] *= -1
    voice = model.decode(fake_run(model.prepare(half, slots(0))), slots(0))[0]
    assert voice.rms == 0.5


@pytest.fixture(scope="module")
def engine(store: ZooStore) -> Run:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(store.path("silero_vad"), options, ["CPUExecutionProvider"])
    return lambda feeds: list(session.run(None, feeds))


@pytest.mark.weights
def test_a_batch_hears_what_singles_hear(store: ZooStore, engine: Run) -> None:
    with wave.open(str(store.file("two_speakers", "sample.wav"))) as recording:
        assert recording.getframerate() == 16_000
        sound = np.frombuffer(recording.readframes(16_000 * 16), np.int16)
    rows = sound.reshape(4, -1)[:, : 100 * 512].reshape(4, 100, 512)  # four parts of 3.2 s as four sessions

    together, alone = Silero("vad"), Silero("vad")
    everyone = slots(0, 1, 2, 3)
    for step in range(100):
        expected = [hear(alone, engine, rows[row : row + 1, step], slots(row))[0] for row in range(4)]
        np.testing.assert_allclose(hear(together, engine, rows[:, step], everyone), expected, atol=1e-4)
    assert max(expected) > 0.01


@pytest.mark.weights
def test_it_hears_what_silero_itself_hears(store: ZooStore, engine: Run) -> None:
    from silero_vad import load_silero_vad

    with wave.open(str(store.file("two_speakers", "sample.wav"))) as recording:
        rows = np.frombuffer(recording.readframes(16_000 * 16), np.int16).reshape(-1, 512)
    theirs, ours = load_silero_vad(onnx=True), Silero("vad")
    expected = [theirs(torch.from_numpy(row.astype(np.float32) / 32768), 16_000).item() for row in rows]
    assert max(expected) > 0.9
    found = [hear(ours, engine, row[None], slots(0))[0] for row in rows]
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.weights
def test_the_example_runs(engine: Run) -> None:
    model = Silero("vad")
    speech, state = engine(model.example(3))
    assert speech.shape == (3, 1)
    assert state.shape == (2, 3, 128)
    assert speech.max() < 0.3  # silence
