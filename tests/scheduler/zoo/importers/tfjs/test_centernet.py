from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import pytest

from argusd.scheduler.zoo.importers.tfjs.tfjs_model import import_tfjs
from argusd.scheduler.zoo.store import ZooStore

Tensor = npt.NDArray[Any]


@pytest.fixture(scope="module")
def pictures(store: ZooStore) -> npt.NDArray[np.float32]:
    """The astronaut, twice."""
    picture = cv2.imread(str(store.path("astronaut")))
    assert picture is not None
    return np.stack([cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)] * 2).astype(np.float32)


@pytest.fixture(scope="module")
def maps(store: ZooStore, pictures: Tensor) -> dict[str, Tensor]:
    """What the imported graph gives for them."""
    names = ["logits", "highest", "sides"]
    return dict(zip(names, run(store.path("centernet").read_bytes(), names, pictures), strict=True))


def run(model: bytes, names: list[str], pictures: Tensor) -> list[Tensor]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return list(session.run(names, {"tower_0/images": pictures}))


@pytest.mark.weights
def test_it_finds_the_person_in_every_row_of_a_batch(maps: dict[str, Tensor]) -> None:
    logits = maps["logits"]
    assert logits.shape == (2, 128, 128, 80)
    np.testing.assert_allclose(logits[0], logits[1], atol=1e-4)
    row, column, kind = np.unravel_index(logits[0].argmax(), logits[0].shape)
    person = 0
    assert kind == person
    assert logits[0].max() > 0
    # She fills the left and the middle of the picture; the map has a quarter of its resolution.
    assert 30 < column < 80
    assert 40 < row < 100


@pytest.mark.weights
def test_each_place_s_highest_class_is_an_output_of_its_own(maps: dict[str, Tensor]) -> None:
    np.testing.assert_array_equal(maps["highest"], maps["logits"].max(axis=3))


@pytest.mark.weights
def test_scores_and_sizes_are_those_of_the_published_graph(
    store: ZooStore, pictures: Tensor, maps: dict[str, Tensor]
) -> None:
    published = {
        name: store.file("centernet", name).read_bytes() for name in ("centernet.json", "centernet.bin")
    }
    names = ["tower_0/keypoints", "tower_0/wh"]
    model: onnx.ModelProto = import_tfjs(published["centernet.json"], published, names)

    scores, sizes = run(model.SerializeToString(), names, pictures)

    np.testing.assert_allclose(1 / (1 + np.exp(-maps["logits"].astype(np.float64))), scores, atol=1e-6)
    np.testing.assert_allclose(maps["sides"], sizes, atol=1e-3)
