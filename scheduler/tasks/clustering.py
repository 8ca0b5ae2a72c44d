"""How many people speak, and which window is whose: embeddings of windows to one centre for each speaker.

Agglomerative clustering by Ward's criterion (Ward, 1963), then a few rounds of spherical k-means, since a
window near a change of speakers often joins the wrong side first. On GE2E it told speakers apart where
average linkage on cosine distances split off a few odd windows instead.

Two clusters are two speakers if Ward's distance between them is large: more than ``LEAST`` for short
recordings, more than ``GROWTH`` · √windows for long ones, because one voice's own variety (loud, laughing,
hoarse) also adds up as it talks on. Both were set on half minutes: readers in turns, a phone call.
"""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from ..embeddings import centre

LEAST = 2.5
GROWTH = 0.27
MOST_SPEAKERS = 16
ROUNDS = 3
SUREST = 0.8  # of a speaker's windows; the others lie about changes and hold two voices


def speaker_centres(windows: NDArray[np.float32], speakers: int | None = None) -> NDArray[np.float32]:
    """Unit vectors f32 ``[speakers, size]`` from embeddings ``[windows, size]``, one window at least.

    ``speakers``: how many there are, if it is known; with fewer windows than that, as many as windows.
    """
    labels = _labels(windows.astype(np.float64), speakers)
    for _ in range(ROUNDS):
        centres = np.stack([centre(windows[labels == label]) for label in np.unique(labels)])
        labels = (windows @ centres.T).argmax(axis=1)
    return centres


def surest_centres(windows: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same centres, of those windows that are most surely one speaker's: f32 ``[speakers, size]``."""
    if len(centres) == 1:
        return centres
    for _ in range(ROUNDS - 1):
        likeness = windows @ centres.T
        labels = likeness.argmax(axis=1)
        second, first = np.partition(likeness, -2, axis=1)[:, -2:].T
        margins = first - second
        surest = []
        for label, before in enumerate(centres):
            own = labels == label
            kept = own & (margins >= np.quantile(margins[own], 1 - SUREST)) if own.any() else own
            surest.append(centre(windows[kept]) if kept.any() else before)
        centres = np.stack(surest)
    return centres


def _labels(windows: NDArray[np.float64], speakers: int | None) -> NDArray[np.intp]:
    if len(windows) == 1:
        return np.zeros(1, np.intp)
    from scipy.cluster.hierarchy import fcluster, linkage  # 31 MB that live schedulers do without

    tree = linkage(windows, "ward")
    if speakers is None:
        apart = max(LEAST, GROWTH * sqrt(len(windows)))
        speakers = min(MOST_SPEAKERS, 1 + int((tree[:, 2] > apart).sum()))
    return np.asarray(fcluster(tree, speakers, "maxclust"), np.intp)
