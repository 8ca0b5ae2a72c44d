"""torchvision is importable, and its ``nms`` is the operator that its documentation describes."""

import pytest

from argusd.scheduler.zoo.importers.pytorch.torchvision_shim import ensure_torchvision

torch = pytest.importorskip("torch")


def nms(boxes: list[list[float]], scores: list[float], overlap: float) -> list[int]:
    ensure_torchvision()
    from torchvision.ops import nms as torchvision_nms

    kept: list[int] = torchvision_nms(torch.tensor(boxes), torch.tensor(scores), overlap).tolist()
    return kept


def test_only_the_best_of_overlapping_boxes_stays() -> None:
    boxes = [[0.0, 0.0, 10.0, 10.0], [1.0, 0.0, 11.0, 10.0], [50.0, 50.0, 60.0, 60.0]]
    assert nms(boxes, [0.6, 0.9, 0.7], 0.5) == [1, 2]


def test_boxes_that_overlap_exactly_as_much_as_allowed_stay() -> None:
    """Half of the second box lies in the first: 50 of 100 shared, 1/2 of the larger one."""
    boxes = [[0.0, 0.0, 10.0, 10.0], [0.0, 0.0, 5.0, 10.0]]
    assert nms(boxes, [0.9, 0.8], 0.5) == [0, 1]
    assert nms(boxes, [0.9, 0.8], 0.49) == [0]


def test_asking_again_changes_nothing() -> None:
    ensure_torchvision()
    ensure_torchvision()
    import torchvision

    assert torchvision.transforms
