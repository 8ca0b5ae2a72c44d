"""Where text stands, from the map of a detector with differentiable binarization.

Liao et al., "Real-time Scene Text Detection with Differentiable Binarization", AAAI 2020.
"""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

# PaddleOCR's own settings: what of the map is text, how sure it must be, how far it was shrunk in training.
TEXT = 0.3
SURE = 0.5
SHRUNK = 1.6
THINNEST = 3.0  # pixels of the map


def regions(likelihood: NDArray[np.float32]) -> NDArray[np.float64]:
    """Rectangles, turned in any way, around each piece of text.

    Args:
        likelihood: f32 ``[H, W]``, of each pixel to be text.

    Returns:
        f64 ``[N, 4, 2]``, corners in order, in the map's pixels.
    """
    found = list(_regions(likelihood))
    return np.array(found, np.float64).reshape(-1, 4, 2)


def _regions(likelihood: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    mask = cv2.dilate((likelihood > TEXT).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    for contour in contours:
        center, (width, height), degrees = cv2.minAreaRect(contour)
        if min(width, height) < THINNEST:
            continue
        if _mean_within(likelihood, _corners(center, width, height, degrees)) < SURE:
            continue
        margin = width * height * SHRUNK / (width + height)  # on both sides together
        yield _corners(center, width + margin, height + margin, degrees)


def _corners(center: Sequence[float], width: float, height: float, degrees: float) -> NDArray[np.float32]:
    return np.asarray(cv2.boxPoints((center, (width, height), degrees)), np.float32)


def _mean_within(likelihood: NDArray[np.float32], corners: NDArray[np.float32]) -> float:
    low = np.maximum(np.floor(corners.min(axis=0)), 0).astype(int)
    high = np.minimum(np.ceil(corners.max(axis=0)) + 1, likelihood.shape[::-1]).astype(int)
    part = likelihood[low[1] : high[1], low[0] : high[0]]
    inside = np.zeros(part.shape, np.uint8)
    cv2.fillPoly(inside, [np.round(corners - low).astype(np.int32)], 1)
    return float(cv2.mean(part, inside)[0])
