import json
from typing import Any

import numpy as np
import pytest

from argusd.scheduler.zoo.errors import ImportFailedError
from argusd.scheduler.zoo.importers.tfjs.tfjs_reader import Attribute, read_graph


def description(*weights: dict[str, Any], paths: tuple[str, ...] = ("a.bin",)) -> bytes:
    manifest = [{"paths": list(paths), "weights": list(weights)}]
    return json.dumps({"modelTopology": {"node": []}, "weightsManifest": manifest}).encode()


def test_constants_follow_each_other_across_the_weight_files() -> None:
    content = np.arange(6, dtype=np.float32).tobytes() + np.array([7], np.int32).tobytes()
    text = description(
        {"name": "x", "shape": [2, 3], "dtype": "float32"},
        {"name": "y", "shape": [], "dtype": "int32"},
        paths=("a.bin", "b.bin"),
    )

    constants = read_graph(text, {"a.bin": content[:10], "b.bin": content[10:]}).constants

    np.testing.assert_array_equal(constants["x"], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(constants["y"], 7)


def test_quantized_constants_become_float32() -> None:
    quantization = {"dtype": "uint8", "scale": 0.5, "min": -1.0}
    text = description({"name": "x", "shape": [3], "dtype": "float32", "quantization": quantization})

    constant = read_graph(text, {"a.bin": bytes([0, 1, 255])}).constants["x"]

    assert constant.dtype == np.float32
    np.testing.assert_array_equal(constant, [-1.0, -0.5, 126.5])


def test_attributes_are_decoded_from_strings_and_base64() -> None:
    graph = read_graph(
        b"""{"weightsManifest": [], "modelTopology": {"node": [{"name": "n", "op": "Conv2D", "attr": {
            "padding": {"s": "U0FNRQ=="}, "strides": {"list": {"i": ["1", "2"]}}, "keep_dims": {"b": true},
            "shape": {"shape": {"dim": [{"size": "-1"}, {"size": "3"}]}}}}]}}""",
        {},
    )

    node = graph.nodes[0]

    assert node.attribute("padding").text == "SAME"
    assert node.attribute("strides").integers == [1, 2]
    assert node.attribute("keep_dims").b is True
    assert node.attribute("shape").dimensions == [-1, 3]
    assert node.attribute("absent") == Attribute()


@pytest.mark.parametrize(
    ("weight", "reason"),
    [
        ({"name": "x", "shape": [5], "dtype": "float32"}, "the weights end before x"),
        ({"name": "x", "shape": [-1], "dtype": "float32"}, "the weights end before x"),
        ({"name": "x", "shape": [1], "dtype": "string"}, "type string"),
        ({"name": "x", "shape": "all", "dtype": "float32"}, "not a TensorFlow.js graph model"),
    ],
)
def test_constants_that_cannot_be_are_refused(weight: dict[str, Any], reason: str) -> None:
    with pytest.raises(ImportFailedError, match=reason):
        read_graph(description(weight), {"a.bin": bytes(16)})


def test_a_weight_file_that_is_missing_is_named() -> None:
    with pytest.raises(ImportFailedError, match=r"\['b\.bin'\] are missing"):
        read_graph(description(paths=("a.bin", "b.bin")), {"a.bin": b""})
