import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.scheduler.tasks.clustering import speaker_centres

SIZE = 64


def voices(*counts: int, spread: float = 0.05, seed: int = 0) -> NDArray[np.float32]:
    """Windows of speakers at right angles to each other, so many each."""
    rng = np.random.default_rng(seed)
    rows = [
        np.eye(SIZE)[speaker] + rng.normal(0, spread, (count, SIZE)) for speaker, count in enumerate(counts)
    ]
    together = np.concatenate(rows)
    return np.asarray(together / np.linalg.norm(together, axis=1, keepdims=True), np.float32)


@pytest.mark.parametrize("counts", [(40,), (30, 30), (60, 12), (20, 20, 20, 20), (400,), (300, 100, 200)])
def test_as_many_centres_as_speakers(counts: tuple[int, ...]) -> None:
    windows = voices(*counts)
    found = speaker_centres(windows)
    assert found.shape == (len(counts), SIZE)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    assert sorted(found.argmax(axis=1)) == list(range(len(counts)))


@pytest.mark.parametrize("speakers", [1, 2, 3, 5])
def test_a_known_number_is_kept_to(speakers: int) -> None:
    assert len(speaker_centres(voices(20, 20, 20), speakers)) == speakers


@pytest.mark.parametrize("windows", [1, 2, 3])
def test_there_are_never_more_speakers_than_windows(windows: int) -> None:
    assert len(speaker_centres(voices(windows), 5)) <= windows


def test_no_more_speakers_than_can_be_asked_for() -> None:
    assert len(speaker_centres(voices(*[12] * 20))) == 16
