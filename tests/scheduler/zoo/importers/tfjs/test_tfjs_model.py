import json
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argusd.scheduler.zoo.errors import ImportFailedError
from argusd.scheduler.zoo.importers.tfjs.tfjs_model import import_tfjs
from argusd.scheduler.zoo.store import ZooStore

Tensor = npt.NDArray[Any]
Runner = Callable[[onnx.ModelProto, dict[str, Tensor]], dict[str, Tensor]]
SmallTfjs = tuple[bytes, bytes]


def test_a_small_graph_computes_its_formula(small_tfjs: SmallTfjs, run: Runner) -> None:
    description, weights = small_tfjs
    images = np.array([[[[0], [1]], [[2], [3]]], [[[4], [5]], [[6], [7]]]], np.float32)

    found = run(import_tfjs(description, {"weights.bin": weights}, ["mean"]), {"image": images})

    # clip(2x + 1, 0, 6) over 0..3 is 1, 3, 5, 6; clip(10 - x, 0, 6) is 6 up to x = 4, then 5, 4, 3.
    np.testing.assert_allclose(found["mean"], [[3.75, 6.0], [6.0, 4.5]], rtol=1e-6)


def test_nodes_that_no_output_needs_may_be_of_any_kind(small_tfjs: SmallTfjs) -> None:
    description, weights = small_tfjs
    assert b"TopKV2" in description

    model = import_tfjs(description, {"weights.bin": weights}, ["relu6"])

    assert [output.name for output in model.graph.output] == ["relu6"]


def test_an_operator_that_is_not_supported_is_named(small_tfjs: SmallTfjs) -> None:
    description, weights = small_tfjs

    with pytest.raises(ImportFailedError, match=r"operator TopKV2 \(for_one_image\)"):
        import_tfjs(description, {"weights.bin": weights}, ["for_one_image"])


def test_an_output_that_does_not_exist_is_named(small_tfjs: SmallTfjs) -> None:
    description, weights = small_tfjs

    with pytest.raises(ImportFailedError, match="no node 'median'"):
        import_tfjs(description, {"weights.bin": weights}, ["median"])


@pytest.mark.parametrize("description", [b"", b"<html>", b'{"weightsManifest": [{"paths": ["caf\xe9"]}]}'])
def test_what_describes_no_graph_is_refused(description: bytes) -> None:
    with pytest.raises(ImportFailedError, match=r"not a TensorFlow\.js graph model"):
        import_tfjs(description, {}, ["median"])


def test_a_graph_that_goes_in_a_circle_is_refused(small_tfjs: SmallTfjs) -> None:
    description, weights = small_tfjs
    circle = description.replace(b'"input": ["image",', b'"input": ["relu6",')
    assert circle != description

    with pytest.raises(ImportFailedError, match="convolution needs"):
        import_tfjs(circle, {"weights.bin": weights}, ["mean"])


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_damaged_text_is_refused_or_read_but_never_crashes(
    small_tfjs: SmallTfjs, data: st.DataObject
) -> None:
    description, weights = small_tfjs
    damaged = bytearray(description)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))

    try:
        model = import_tfjs(bytes(damaged), {"weights.bin": weights}, ["mean"])
    except ImportFailedError:
        return
    onnx.checker.check_model(model)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_graph_with_other_values_is_refused_or_read_but_never_crashes(
    small_tfjs: SmallTfjs, data: st.DataObject
) -> None:
    description, weights = json.loads(small_tfjs[0]), small_tfjs[1]
    strange = st.one_of(st.none(), st.integers(), st.text(max_size=8), st.lists(st.integers(), max_size=5))
    node = data.draw(st.sampled_from(description["modelTopology"]["node"]))
    node[data.draw(st.sampled_from(["name", "op", "input", "attr"]))] = data.draw(strange)
    weight = data.draw(st.sampled_from(description["weightsManifest"][0]["weights"]))
    weight["shape"] = data.draw(st.lists(st.integers(-2, 1 << 40), max_size=5))

    try:
        model = import_tfjs(json.dumps(description).encode(), {"weights.bin": weights}, ["mean"])
    except ImportFailedError:
        return
    onnx.checker.check_model(model)


@pytest.mark.weights
def test_faceres_embeds_a_face_like_its_mirror_image_and_unlike_a_wall(store: ZooStore) -> None:
    picture = cv2.imread(str(store.path("astronaut")))
    assert picture is not None
    face = cv2.resize(cv2.cvtColor(picture[60:220, 140:300], cv2.COLOR_BGR2RGB), (224, 224))
    wall = np.full_like(face, 128)
    session = onnxruntime.InferenceSession(store.path("faceres"), providers=["CPUExecutionProvider"])

    batch = np.stack([face, face[:, ::-1], wall]).astype(np.float32)
    (embeddings,) = session.run(["global_pooling/Mean"], {"input_1": batch})

    assert embeddings.shape == (3, 1024)
    directions = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    assert directions[0] @ directions[1] > 0.8
    assert directions[0] @ directions[2] < 0.5
