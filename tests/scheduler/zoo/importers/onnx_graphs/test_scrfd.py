from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import pytest

from argusd.scheduler.zoo.errors import ImportFailedError
from argusd.scheduler.zoo.importers.onnx_graphs.scrfd import import_scrfd

from ..published_graphs import SCRFD_OUTPUTS, arcface_graph, scrfd_graph

Run = Callable[[onnx.ModelProto, dict[str, npt.NDArray[Any]]], dict[str, npt.NDArray[Any]]]


def test_a_batch_gives_what_the_published_graph_gives_one_by_one(run: Run) -> None:
    images = np.random.default_rng(0).uniform(-1, 1, (3, 640, 640, 3)).astype(np.float32)
    published = onnxruntime.InferenceSession(scrfd_graph(), providers=["CPUExecutionProvider"])
    found = run(import_scrfd(scrfd_graph()), {"images": images})

    for row, image in enumerate(images):
        outputs = published.run(SCRFD_OUTPUTS, {"input.1": image.transpose(2, 0, 1)[None].copy()})
        for kind, name in enumerate(("scores", "distances", "points")):
            expected = np.concatenate(outputs[3 * kind : 3 * kind + 3])
            assert expected.std() > 0.01
            np.testing.assert_allclose(found[name][row], expected, atol=1e-5)


def test_a_graph_that_insists_on_one_image_is_refused() -> None:
    with pytest.raises(ImportFailedError, match="batch"):
        import_scrfd(scrfd_graph(batch_inside=True))


@pytest.mark.parametrize("content", [b"", b"no graph", scrfd_graph()[:500], arcface_graph()])
def test_damage_and_other_graphs_are_refused(content: bytes) -> None:
    with pytest.raises(ImportFailedError):
        import_scrfd(content)


def test_another_layout_of_the_outputs_is_refused() -> None:
    model = onnx.load_model_from_string(scrfd_graph())
    next(node for node in model.graph.node if node.op_type == "Transpose").attribute[0].ints[:] = [3, 2, 0, 1]
    with pytest.raises(ImportFailedError, match=r"\[3, 2, 0, 1\]"):
        import_scrfd(model.SerializeToString())
