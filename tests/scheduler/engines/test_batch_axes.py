"""Graphs as exporters declare them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.scheduler.engines.batch_axes import BatchAxes, Shape, bucket

SILERO = BatchAxes(
    {"input": ["batch", "sequence"], "state": [2, "batch", 128], "sr": []},
    {"output": ["batch", 1], "stateN": ["AddstateN_dim_0", "batch", "AddstateN_dim_2"]},
)


def test_the_batch_is_what_the_first_axis_of_the_first_input_is_called() -> None:
    assert SILERO.inputs == {"input": 0, "state": 1, "sr": None}
    assert SILERO.outputs == {"output": 0, "stateN": 1}


@pytest.mark.parametrize("open_length", [None, ""])
def test_without_a_name_it_is_the_first_axis_wherever_that_is_open(open_length: str | None) -> None:
    shapes: dict[str, Shape] = {"x": [open_length, 3], "fixed": [1, 3], "scalar": []}
    assert BatchAxes(shapes, {}).inputs == {"x": 0, "fixed": None, "scalar": None}


def test_another_open_length_is_no_batch() -> None:
    assert BatchAxes({"images": ["batch", 3]}, {"boxes": ["faces", 4]}).outputs == {"boxes": None}


def test_a_batch_is_filled_up_with_zeros_and_the_outputs_cut() -> None:
    state = np.ones((2, 3, 128), np.float32)
    feeds = {"input": np.ones((3, 576), np.float32), "state": state, "sr": np.array(16000)}
    padded = SILERO.padded(feeds, 4)
    assert SILERO.rows(feeds) == 3
    assert padded["input"].sum(axis=1).tolist() == [576, 576, 576, 0]
    assert padded["state"].sum(axis=(0, 2)).tolist() == [256, 256, 256, 0]
    assert padded["sr"] is feeds["sr"]
    speech, states = SILERO.cut([np.arange(4)[:, None], padded["state"]], 3)
    assert speech.tolist() == [[0], [1], [2]]
    assert np.array_equal(states, state)


@given(st.integers(1, 300))
def test_a_bucket_is_the_next_power_of_two(rows: int) -> None:
    assert rows <= bucket(rows) < 2 * rows
    assert bucket(rows).bit_count() == 1
