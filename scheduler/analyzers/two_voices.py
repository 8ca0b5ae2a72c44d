"""Whether the last windows of a session's speech are two voices: apart from each other, alike within.

How alike two people sound depends on the line: over a telephone all windows are. So the windows are parted in
two by Ward's criterion (Ward, 1963), as for diarization, and two people are those whose mean windows have a
cosine below what one person's moods reach.
"""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST_WINDOWS = 40  # half a minute of speech
LEAST_WINDOWS = 12
LEAST_OF_EACH = 5
IN_A_ROW = 2  # somewhere among the fewer: who speaks does so for more than a window


class TwoVoices(NamedTuple):
    """The mean windows of the two, each of length 1, and which one the newest window is of."""

    centres: NDArray[np.float64]
    newest: int

    @property
    def likeness(self) -> float:
        """Their cosine."""
        return float(self.centres[0] @ self.centres[1])

    def stranger(self, own: NDArray[np.floating]) -> bool:
        """Whether the newest window is of the one that is less like ``own``."""
        return int((self.centres @ own).argmax()) != self.newest


class RecentWindows:
    """The session's last windows of speech. Overflow: the oldest go."""

    def __init__(self) -> None:
        self._windows: deque[NDArray[np.float32]] = deque(maxlen=MOST_WINDOWS)

    def take(self, window: NDArray[np.float32]) -> TwoVoices | None:
        """Take one in, f32 ``[size]`` of length 1; None where there is too little to part."""
        if self._windows and len(self._windows[0]) != len(window):
            self._windows.clear()  # another model's
        self._windows.append(window)
        if len(self._windows) < LEAST_WINDOWS:
            return None
        windows = np.stack(list(self._windows)).astype(np.float64)
        centres = _centres(windows, ward_halves(windows))
        second = (windows @ centres.T).argmax(axis=1) == 1
        fewer = second if second.sum() * 2 <= len(second) else ~second
        if fewer.sum() < LEAST_OF_EACH or _longest_run(fewer.tolist()) < IN_A_ROW:
            return None
        return TwoVoices(_centres(windows, second), int(second[-1]))


def ward_halves(windows: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Two clusters of ``[n, size]``, n at least 2: which windows are in the second.

    By the recurrence of Lance and Williams (1967) on squared distances; n is small.
    """
    count = len(windows)
    squares = (windows**2).sum(axis=1)
    apart = squares[:, None] + squares - 2 * windows @ windows.T
    np.fill_diagonal(apart, np.inf)
    sizes, labels = np.ones(count), np.arange(count)
    for _ in range(count - 2):
        one, other = np.unravel_index(int(apart.argmin()), apart.shape)
        together = sizes + sizes[one] + sizes[other]
        row = (sizes + sizes[one]) * apart[one] + (sizes + sizes[other]) * apart[other]
        apart[one] = apart[:, one] = (row - sizes * apart[one, other]) / together
        apart[one, one] = np.inf
        apart[other] = apart[:, other] = np.inf
        sizes[one] += sizes[other]
        labels[labels == labels[other]] = labels[one]
    return np.asarray(labels != labels[0], np.bool_)


def _centres(windows: NDArray[np.float64], second: NDArray[np.bool_]) -> NDArray[np.float64]:
    means = np.stack([windows[~second].mean(axis=0), windows[second].mean(axis=0)])
    return np.asarray(means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9), np.float64)


def _longest_run(marks: Sequence[bool]) -> int:
    longest = run = 0
    for mark in marks:
        run = run + 1 if mark else 0
        longest = max(longest, run)
    return longest
