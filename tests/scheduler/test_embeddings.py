import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from argusd.scheduler.contract.errors import EmbeddingModel, EmbeddingSize
from argusd.scheduler.embeddings import centre, from_wire, to_wire, verdict

NUMBERS = st.floats(-1000, 1000, width=32)


def vector(*numbers: float) -> NDArray[np.float32]:
    return np.array(numbers, np.float32)


@given(st.lists(NUMBERS, min_size=4, max_size=4).filter(lambda numbers: max(map(abs, numbers)) > 1e-3))
def test_what_a_caller_kept_comes_back_as_it_was(numbers: list[float]) -> None:
    embedding = centre([vector(*numbers)])
    kept = to_wire(embedding)
    np.testing.assert_allclose(from_wire(kept, 4, "ge2e"), embedding, atol=1e-6)


def test_the_wire_holds_little_endian_float32() -> None:
    assert to_wire(vector(1.0, -0.5)) == struct.pack("<2f", 1.0, -0.5)


def test_a_reference_of_any_length_is_scaled_to_one() -> None:
    np.testing.assert_allclose(from_wire(struct.pack("<2f", 30.0, 40.0), 2, "ge2e"), [0.6, 0.8], rtol=1e-6)


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
    with pytest.raises(EmbeddingSize, match="reference_embedding_b64"):
        from_wire(data, 2, "ge2e")


def test_what_another_model_made_is_refused_though_it_is_as_long() -> None:
    two = struct.pack("<2f", 1, 0)
    assert from_wire(two, 2, "arcface_r50", "arcface_r50")[0] == 1
    with pytest.raises(EmbeddingModel, match=r"made by facenet_vggface2.*by arcface_r50.*enrol again"):
        from_wire(two, 2, "arcface_r50", "facenet_vggface2")


def test_the_centre_lies_between() -> None:
    np.testing.assert_allclose(centre([vector(1, 0), vector(0, 1)]), [0.5**0.5, 0.5**0.5], rtol=1e-6)
    assert not centre([vector(0, 0)]).any()


@pytest.mark.parametrize(
    ("cosine", "match", "confidence"),
    [(1.0, True, 1.0), (0.9, True, 0.75), (0.8, True, 0.5), (0.4, False, 0.75), (-0.5, False, 1.0)],
)
def test_a_verdict_is_surer_the_further_it_is_from_the_threshold(
    cosine: float, match: bool, confidence: float
) -> None:
    found = verdict(vector(1, 0), vector(cosine, (1 - cosine**2) ** 0.5), 0.8)
    assert found.match is match
    assert found.score == pytest.approx(max(cosine, 0), abs=1e-4)
    assert found.confidence == pytest.approx(confidence, abs=1e-3)
    assert found.threshold == 0.8
