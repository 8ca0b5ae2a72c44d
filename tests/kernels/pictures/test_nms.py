import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from argusd.kernels.pictures.nms import iou, over_smaller, suppress, weighted_nms

boxes = (
    st.integers(0, 12)
    .flatmap(lambda n: hnp.arrays(np.float64, (n, 4), elements=st.floats(0, 50, width=32)))
    .map(lambda b: np.hstack([b[:, :2], b[:, :2] + b[:, 2:]]))
)


def test_iou_of_known_boxes() -> None:
    box = np.array([0.0, 0, 2, 2])
    others = np.array([[0.0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6], [1, 1, 1, 1]])
    assert list(iou(box, others)) == pytest.approx([1, 1 / 3, 0, 0])


def test_a_box_inside_another_is_all_of_the_smaller() -> None:
    box = np.array([0.0, 0, 4, 4])
    others = np.array([[1.0, 1, 3, 3], [2, 0, 6, 4], [5, 5, 6, 6], [1, 1, 1, 1]])
    assert list(over_smaller(box, others)) == pytest.approx([1, 1 / 2, 0, 0])
    boxes = np.vstack([box, others[:2]])
    assert suppress(boxes, np.zeros(3, int), 0.6, measure=over_smaller).tolist() == [0, 2]


def test_a_cluster_becomes_its_mean_weighted_by_score() -> None:
    values = np.array([[0.0, 0, 10, 10, 4], [2, 0, 12, 10, 8], [40, 40, 50, 50, 1]])
    blended, scores, _ = weighted_nms(values, np.array([0.9, 0.3, 0.5]), np.zeros(3, int), 0.3)
    np.testing.assert_allclose(blended, [[0.5, 0.0, 10.5, 10.0, 5.0], [40.0, 40.0, 50.0, 50.0, 1.0]])
    np.testing.assert_allclose(scores, [0.9, 0.5])


def test_clusters_of_one_group_take_nothing_of_another_s() -> None:
    values = np.array([[0.0, 0, 10, 10], [0, 0, 10, 10], [40, 40, 50, 50], [0, 0, 10, 10]])
    blended, scores, groups = weighted_nms(
        values, np.array([0.3, 0.9, 0.5, 0.6]), np.array([7, 2, 7, 7]), 0.3
    )
    assert groups.tolist() == [2, 7, 7]
    assert scores.tolist() == [0.9, 0.6, 0.5]
    np.testing.assert_allclose(blended, values[[1, 3, 2]])


def test_only_better_boxes_of_the_same_group_suppress() -> None:
    boxes = np.array([[0.0, 0, 10, 10], [1, 0, 11, 10], [1, 0, 11, 10], [30, 30, 40, 40]])
    assert suppress(boxes, np.array([7, 7, 3, 7]), 0.6).tolist() == [0, 2, 3]
    assert suppress(boxes[:0], np.array([], int), 0.6).tolist() == []
    assert suppress(boxes, np.array([7, 7, 3, 7]), 0.6, most=1).tolist() == [0, 2]


def test_nothing_in_nothing_out() -> None:
    blended, scores, groups = weighted_nms(np.empty((0, 16)), np.empty(0), np.empty(0, int), 0.3)
    assert blended.shape == (0, 16)
    assert scores.shape == groups.shape == (0,)


@given(boxes, st.integers(0, 2**32 - 1))
def test_each_cluster_lies_within_its_candidates_and_order_does_not_matter(
    candidates: NDArray[np.float64], seed: int
) -> None:
    scores = np.linspace(0.9, 0.1, len(candidates))
    groups = np.zeros(len(candidates), int)
    blended, best, _ = weighted_nms(candidates, scores, groups, 0.3)
    assert len(blended) <= len(candidates)
    assert list(best) == sorted(best, reverse=True)
    if len(candidates):
        assert np.all(blended >= candidates.min(axis=0) - 1e-9)
        assert np.all(blended <= candidates.max(axis=0) + 1e-9)
    shuffled = np.random.default_rng(seed).permutation(len(candidates))
    again, _, _ = weighted_nms(candidates[shuffled], scores[shuffled], groups, 0.3)
    np.testing.assert_allclose(again, blended)
