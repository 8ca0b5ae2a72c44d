import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.scheduler.tasks.embeddings import centre, cosine, from_wire, to_wire, unit
from argusd.scheduler.tasks.errors import EmbeddingSize

NUMBERS = st.floats(-1000, 1000, width=32)


def vector(*numbers: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(numbers, np.float32)


@given(st.lists(NUMBERS, min_size=4, max_size=4).filter(lambda numbers: max(map(abs, numbers)) > 1e-3))
def test_what_a_caller_kept_comes_back_as_it_was(numbers: list[float]) -> None:
    embedding = unit(vector(*numbers))
    np.testing.assert_allclose(from_wire(to_wire(embedding), 4), embedding, atol=1e-6)


def test_the_wire_holds_little_endian_float32() -> None:
    assert to_wire(vector(1.0, -0.5)) == struct.pack("<2f", 1.0, -0.5)


def test_a_reference_of_any_length_is_scaled_to_one() -> None:
    np.testing.assert_allclose(from_wire(struct.pack("<2f", 30.0, 40.0), 2), [0.6, 0.8], rtol=1e-6)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(struct.pack("<3f", 1, 0, 0), id="another model's"),
        pytest.param(struct.pack("<2f", 0, 0), id="zeros"),
        pytest.param(struct.pack("<2f", float("nan"), 1), id="not a number"),
        pytest.param(struct.pack("<2f", float("inf"), 1), id="endless"),
    ],
)
def test_what_is_no_embedding_of_this_model_is_refused(data: bytes) -> None:
    with pytest.raises(EmbeddingSize):
        from_wire(data, 2)


def test_the_centre_lies_between() -> None:
    middle = centre([vector(1, 0), vector(0, 1)])
    np.testing.assert_allclose(middle, [0.5**0.5, 0.5**0.5], rtol=1e-6)
    assert cosine(middle, vector(1, 0)) == pytest.approx(0.5**0.5)


def test_nothing_heard_is_like_nothing() -> None:
    assert cosine(unit(vector(0, 0)), vector(1, 0)) == 0
