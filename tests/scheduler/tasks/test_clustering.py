import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.scheduler.tasks.clustering import speaker_centres, surest_centres

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


def test_windows_of_two_voices_do_not_pull_centres_together() -> None:
    mixed = np.stack([np.eye(SIZE)[0] + np.eye(SIZE)[1] * share for share in (0.9, 0.95, 1.05, 1.1)])
    mixed = (mixed / np.linalg.norm(mixed, axis=1, keepdims=True)).astype(np.float32)
    windows = np.concatenate([voices(8, 8), mixed])
    before = speaker_centres(windows, 2)
    after = surest_centres(windows, before)
    assert before[0] @ before[1] > 0.2
    assert after[0] @ after[1] < 0.1


def test_a_single_centre_stays() -> None:
    windows = voices(10)
    before = speaker_centres(windows)
    assert surest_centres(windows, before) is before
