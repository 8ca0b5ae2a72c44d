"""D-FINE's decoding, held against transformers' own on the same tensors."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.scheduler.core import Roi
from argusd.scheduler.models.objects.coco import COCO
from argusd.scheduler.models.objects.dfine import MIN_SCORE, SIZE, DFine

from ...oracles import oracle

WHOLE = Roi(SIZE / 2, SIZE / 2, SIZE)


def outputs(seed: int, batch: int = 1) -> list[NDArray[np.float32]]:
    """Random scores, few of them high, and boxes."""
    rng = np.random.default_rng(seed)
    scores = rng.beta(0.3, 10, (batch, 300, 80)).astype(np.float32)
    return [scores, rng.uniform(0.1, 0.6, (batch, 300, 4)).astype(np.float32)]


@pytest.mark.parametrize("seed", range(5))
def test_things_are_transformers(seed: int) -> None:
    torch: Any = oracle("torch")
    processing = oracle("transformers.models.rt_detr.image_processing_rt_detr")
    scores, boxes = outputs(seed)
    found = SimpleNamespace(
        logits=torch.from_numpy(scores.astype(np.float64)).logit(), pred_boxes=torch.from_numpy(boxes)
    )
    processor = processing.RTDetrImageProcessor()
    (expected,) = processor.post_process_object_detection(found, MIN_SCORE, [(SIZE, SIZE)])

    things = DFine("dfine_n").decode([scores, boxes], [WHOLE])[0]

    assert len(things) == len(expected["scores"]) > 20
    np.testing.assert_allclose([thing.score for thing in things], expected["scores"], atol=1e-6)
    np.testing.assert_allclose([thing.box for thing in things], expected["boxes"], atol=1e-3)
    assert [thing.label for thing in things] == [COCO[int(label)] for label in expected["labels"]]


def test_no_more_things_than_there_are_boxes() -> None:
    scores, boxes = outputs(0)
    scores[:] = 0.9
    assert len(DFine("dfine_n").decode([scores, boxes], [WHOLE])[0]) == 300


def test_rows_keep_to_themselves_and_lie_in_their_own_frames() -> None:
    scores, boxes = (np.repeat(output, 3, axis=0) for output in outputs(1))
    scores[1] = 0
    left, none, right = DFine("dfine_n").decode([scores, boxes], [WHOLE, WHOLE, Roi(500, 400, 2 * SIZE)])
    assert none == []
    moved = np.array([thing.box for thing in left]) * 2 + [500 - SIZE, 400 - SIZE] * 2
    np.testing.assert_allclose([thing.box for thing in right], moved, atol=1e-6)
