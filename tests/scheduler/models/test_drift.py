"""Detectors and embedders that are told of what half precision did to their graphs' outputs."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.scheduler.models.drift import Drift, Halvable, likeliest
from argusd.scheduler.models.faces.arcface import ArcFace
from argusd.scheduler.models.faces.scrfd import Scrfd
from argusd.scheduler.models.objects.centernet import CenterNet
from argusd.scheduler.models.objects.yolov8 import YoloV8

RNG = np.random.default_rng(2)
Tensors = list[NDArray[Any]]


def noise(*shape: int) -> NDArray[Any]:
    return RNG.uniform(0.1, 0.9, shape).astype(np.float32)


def centernet() -> Tensors:
    logits = noise(2, 128, 128, 80) - 9
    logits[1, 5, 7, 3] = 2
    return [logits, logits.max(axis=3), 40 * noise(2, 128, 128, 4)]


def scrfd() -> Tensors:
    scores = 0.1 * noise(2, 16800, 1)
    scores[1, 77] = 0.9
    return [scores, noise(2, 16800, 4), noise(2, 16800, 10)]


def yolo() -> Tensors:
    output = 0.1 * noise(2, 84, 8400)
    output[1, 9, 77] = 0.9
    return [output]


LIKELY: list[tuple[Halvable, Callable[[], Tensors], int, tuple[Any, ...]]] = [
    (CenterNet("centernet"), centernet, 2, (1, 5, 7, 2)),
    (Scrfd("scrfd_10g"), scrfd, 1, (1, 77, 2)),
    (Scrfd("scrfd_10g"), scrfd, 2, (1, 77, 9)),
    (YoloV8("yolov8n"), yolo, 0, (1, 2, 77)),
]


def off(drifts: Any) -> list[str]:
    return [drift.what for drift in drifts if not drift.tolerable]


@pytest.mark.parametrize(("model", "outputs", "tensor", "place"), LIKELY)
def test_a_box_counts_where_something_is_likely_to_be(
    model: Halvable, outputs: Callable[[], Tensors], tensor: int, place: tuple[Any, ...]
) -> None:
    full = outputs()
    half = [each.copy() for each in full]
    assert all(drift.off == 0 for drift in model.drifts(half, full))
    half[tensor][place] += 30
    assert len(off(model.drifts(half, full))) == 1
    unlikely = np.unravel_index(full[tensor][0].size - 1, full[tensor].shape)
    half[tensor][place] -= 30
    half[tensor][unlikely] += 0 if isinstance(model, YoloV8) else 30  # its last are scores
    assert off(model.drifts(half, full)) == []


@pytest.mark.parametrize(
    ("model", "outputs", "tensor"),
    [
        (CenterNet("centernet"), centernet, 0),
        (Scrfd("scrfd_10g"), scrfd, 0),
        (YoloV8("yolov8n"), yolo, 0),
    ],
)
def test_a_score_counts_everywhere(model: Halvable, outputs: Callable[[], Tensors], tensor: int) -> None:
    full = outputs()
    half = [each.copy() for each in full]
    half[tensor][0].flat[-1] += 20
    assert off(model.drifts(half, full)) == ["scores"]


def test_of_embeddings_their_directions_count() -> None:
    model, full = ArcFace("arcface_r50"), [noise(3, 512)]
    assert off(model.drifts([full[0] * 2], full)) == []
    turned = full[0].copy()
    turned[1, :20] += 0.2
    assert off(model.drifts([turned], full)) == ["embeddings"]


def test_what_is_no_number_is_too_far_off() -> None:
    assert not Drift("places", math.nan, 1.0).tolerable
    full = yolo()
    half = [each.copy() for each in full]
    half[0][0, 50, 3] = math.nan
    assert off(YoloV8("yolov8n").drifts(half, full)) == ["scores"]


def test_the_likeliest_places_are_each_rows_own() -> None:
    scores = np.zeros((2, 50))
    scores[0, 49], scores[1, 7] = 1, 2
    rows, places = likeliest(scores)
    assert (rows[0], places[0]) == (0, 49)
    assert (rows[20], places[20]) == (1, 7)
    assert len(rows) == len(places) == 40
