from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import pytest

from argusd.scheduler.zoo.errors import ImportFailedError
from argusd.scheduler.zoo.importers.onnx_graphs.arcface import import_arcface

from ..published_graphs import arcface_graph, scrfd_graph

Run = Callable[[onnx.ModelProto, dict[str, npt.NDArray[Any]]], dict[str, npt.NDArray[Any]]]


def test_a_batch_gives_what_the_published_graph_gives_one_by_one(run: Run) -> None:
    images = np.random.default_rng(0).uniform(-1, 1, (3, 112, 112, 3)).astype(np.float32)
    published = onnxruntime.InferenceSession(arcface_graph(), providers=["CPUExecutionProvider"])
    model = import_arcface(arcface_graph())
    found = run(model, {"images": images})["embedding"]

    assert [dim.dim_param or dim.dim_value for dim in model.graph.output[0].type.tensor_type.shape.dim] == [
        "batch",
        512,
    ]
    for row, image in enumerate(images):
        (expected,) = published.run(["683"], {"input.1": image.transpose(2, 0, 1)[None].copy()})
        np.testing.assert_allclose(found[row], expected[0], atol=1e-4 * np.abs(expected).max())


def test_a_graph_that_insists_on_one_image_is_refused() -> None:
    with pytest.raises(ImportFailedError, match="batch"):
        import_arcface(arcface_graph(batch_inside=True))


@pytest.mark.parametrize("content", [b"", b"no graph", arcface_graph()[:500], scrfd_graph()])
def test_damage_and_other_graphs_are_refused(content: bytes) -> None:
    with pytest.raises(ImportFailedError):
        import_arcface(content)
