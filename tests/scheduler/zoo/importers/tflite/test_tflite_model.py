from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import pytest
from ai_edge_litert.interpreter import Interpreter
from hypothesis import given, settings
from hypothesis import strategies as st

from argusd.scheduler.zoo.errors import ImportFailedError
from argusd.scheduler.zoo.importers.tflite.tflite_model import import_tflite
from argusd.scheduler.zoo.store import ZooStore

Tensor = npt.NDArray[Any]
Runner = Callable[[onnx.ModelProto, dict[str, Tensor]], dict[str, Tensor]]

# What MediaPipe 0.10.21's own runtime finds in the astronaut picture, in pixels.
IRIS_CENTRES = [(203.5, 101.1), (246.6, 103.5)]
EYE_AND_MOUTH_CORNERS = [(195.2, 100.9), (255.8, 104.3), (201.8, 139.2), (245.0, 141.0)]


def reference(content: bytes, images: Tensor) -> dict[str, Tensor]:
    """Run a model with LiteRT, one image at a time, for its graphs fix the batch at one."""
    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    results: dict[str, list[Tensor]] = {output["name"]: [] for output in interpreter.get_output_details()}
    for image in images:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image[None])
        interpreter.invoke()
        for output in interpreter.get_output_details():
            results[output["name"]].append(interpreter.get_tensor(output["index"]))
    return {name: np.concatenate(tensors) for name, tensors in results.items()}


def random_images(batch: int, *shape: int) -> Tensor:
    return np.random.default_rng(batch).random((batch, *shape), dtype=np.float32)


@pytest.mark.parametrize("batch", [1, 4])
def test_a_small_graph_computes_what_litert_computes(small_tflite: bytes, run: Runner, batch: int) -> None:
    images = random_images(batch, 5, 7, 2)

    found = run(import_tflite(small_tflite), {"image": images})

    expected = reference(small_tflite, images)
    assert found["features"].shape == (batch, 3, 4, 3)
    np.testing.assert_allclose(found["features"], expected["features"], rtol=0, atol=1e-5)


def test_an_inner_tensor_can_be_given_out_instead(small_tflite: bytes, run: Runner) -> None:
    found = run(import_tflite(small_tflite, ["convolved"]), {"image": random_images(2, 5, 7, 2)})

    assert list(found) == ["convolved"]
    assert found["convolved"].min() >= 0
    assert found["convolved"].max() <= 6


def test_images_are_transposed_once_on_the_way_in_and_once_on_the_way_out(small_tflite: bytes) -> None:
    operators = [node.op_type for node in import_tflite(small_tflite).graph.node]

    assert operators[:3] == ["Transpose", "Conv", "Clip"]
    assert operators[-1] == "Transpose"
    assert operators.count("Transpose") == 2


@pytest.mark.parametrize("name", ["kernel", "nothing"])
def test_a_tensor_that_is_not_computed_cannot_be_given_out(small_tflite: bytes, name: str) -> None:
    with pytest.raises(ImportFailedError, match=f"computes no tensor '{name}'"):
        import_tflite(small_tflite, [name])


@pytest.mark.parametrize("content", [b"", b"TFL3", b"\0\0\0\0TFL3", b"\xff" * 100])
def test_what_is_no_model_is_refused(content: bytes) -> None:
    with pytest.raises(ImportFailedError):
        import_tflite(content)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_refused_or_read_but_never_crashes(
    small_tflite: bytes, data: st.DataObject
) -> None:
    damaged = bytearray(small_tflite)
    for _ in range(data.draw(st.integers(1, 4), label="damages")):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.integers(len(damaged) // 2, len(damaged)), label="length")]

    try:
        model = import_tflite(bytes(damaged))
    except ImportFailedError:
        return
    onnx.checker.check_model(model)


# Sums of up to a thousand products in another order: the error grows with the size of the values.
@pytest.mark.weights
@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize(
    ("name", "size", "worst_error"),
    [("blazeface", 128, 2e-4), ("blazeface_full_range", 192, 3e-4)],
)
def test_a_published_model_computes_what_litert_computes(
    store: ZooStore, name: str, size: int, worst_error: float, batch: int
) -> None:
    store.pull([name])
    images = random_images(batch, size, size, 3)
    content = store.file(name, store.manifest.entry(name).files[0].name).read_bytes()

    session = onnxruntime.InferenceSession(store.path(name), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    found = dict(zip(names, session.run(names, {session.get_inputs()[0].name: images}), strict=True))

    expected = reference(content, images)
    assert set(found) == set(expected)
    for output, tensor in expected.items():
        np.testing.assert_allclose(found[output], tensor, rtol=0, atol=worst_error)


@pytest.mark.weights
def test_facemesh_with_attention_finds_eyes_irises_and_lips_of_a_known_face(store: ZooStore) -> None:
    picture = cv2.imread(str(store.path("astronaut")))
    assert picture is not None
    left, top, side = 145, 44, 160
    crop = (
        cv2.resize(picture[top : top + side, left : left + side, ::-1], (192, 192)).astype(np.float32) / 255
    )
    session = onnxruntime.InferenceSession(
        store.path("facemesh_attention"), providers=["CPUExecutionProvider"]
    )

    names = [output.name for output in session.get_outputs()]
    found = dict(zip(names, session.run(names, {"input_1": np.stack([crop, crop])}), strict=True))

    assert found["output_mesh_identity"].shape == (2, 1, 1, 468 * 3)
    assert found["conv_faceflag"].min() > 10
    for tensor in found.values():
        np.testing.assert_allclose(tensor[0], tensor[1], atol=1e-3)
    points = found["output_mesh_identity"][0].reshape(468, 3)[:, :2] * side / 192 + (left, top)
    irises = [
        found[f"output_{which}_iris"][0].reshape(5, 2)[0] * side / 192 + (left, top)
        for which in ("left", "right")
    ]
    np.testing.assert_allclose(irises, IRIS_CENTRES, atol=1.0)
    np.testing.assert_allclose(points[[33, 263, 61, 291]], EYE_AND_MOUTH_CORNERS, atol=3.0)
