"""Rectangles around what a detector takes for text."""

import cv2
import numpy as np
import pytest

from argusd.scheduler.models.text.text_regions import regions


def test_a_rectangle_is_as_much_larger_than_its_core_as_cores_were_shrunk() -> None:
    likelihood = np.zeros((100, 200), np.float32)
    likelihood[40:60, 30:130] = 0.9
    (corners,) = regions(likelihood)
    margin = 100 * 20 * 1.6 / (100 + 20) / 2
    low, high = corners.min(axis=0), corners.max(axis=0)
    assert low == pytest.approx([30 - margin, 40 - margin], abs=2)
    assert high == pytest.approx([130 + margin, 60 + margin], abs=2)


def test_a_line_askew_has_a_rectangle_askew() -> None:
    likelihood = np.zeros((200, 200), np.float32)
    cv2.fillPoly(likelihood, [cv2.boxPoints(((100, 100), (120, 20), 30)).astype(np.int32)], 0.9)
    (corners,) = regions(likelihood)
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    assert max(sides) / min(sides) > 2.5


def test_what_is_thin_or_hardly_likely_is_none() -> None:
    likelihood = np.zeros((100, 200), np.float32)
    likelihood[10, 20:150] = 0.9
    likelihood[40:60, 20:150] = 0.4
    assert regions(likelihood).shape == (0, 4, 2)
