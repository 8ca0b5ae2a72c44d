"""The cascade as one graph: its networks and what lies between them, against facenet-pytorch's."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
import torch

from argusd.scheduler.zoo.errors import ImportFailedError
from argusd.scheduler.zoo.importers.graph import GraphBuilder, Value
from argusd.scheduler.zoo.importers.pytorch.mtcnn import import_mtcnn
from argusd.scheduler.zoo.importers.pytorch.mtcnn_boxes import moved, padded_corners, squared
from argusd.scheduler.zoo.importers.pytorch.mtcnn_networks import final_net, proposal_net, refinement_net
from argusd.scheduler.zoo.importers.pytorch.torch_checkpoint import read_weights

from ....oracles import oracle

Run = Callable[[onnx.ModelProto, dict[str, npt.NDArray[Any]]], dict[str, npt.NDArray[Any]]]
Tensor = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """What the store would have, from the installed wheel."""
    data = Path(oracle("facenet_pytorch").__file__).parent / "data"
    return {path.name: path.read_bytes() for path in data.glob("*.pt")}


def pictures(side: int, count: int = 3) -> Tensor:
    return np.random.default_rng(0).uniform(-1, 1, (count, side, side, 3)).astype(np.float32)


def built(side: int, networks: Callable[[GraphBuilder, Value], dict[str, Value]]) -> onnx.ModelProto:
    g = GraphBuilder()
    x = Value(g.channels_first(g.input("x", (side, side, 3))), (side, side, 3), channels_first=True)
    return g.finish(networks(g, x))


def reference(name: str, images: Tensor) -> list[Tensor]:
    network = getattr(oracle("facenet_pytorch.models.mtcnn"), name)().eval()
    with torch.no_grad():
        return [tensor.numpy() for tensor in network(torch.from_numpy(images.transpose(0, 3, 1, 2).copy()))]


def test_p_net(run: Run, files: dict[str, bytes]) -> None:
    def network(g: GraphBuilder, x: Value) -> dict[str, Value]:
        scores, offsets, cells = proposal_net(g, x, read_weights(files["pnet.pt"]))
        assert cells == 21
        return {"scores": Value(scores, (1, cells**2)), "offsets": Value(offsets, (cells**2, 4))}

    images = pictures(51)
    found = run(built(51, network), {"x": images})
    offsets, scores = reference("PNet", images)
    np.testing.assert_allclose(found["scores"][:, 0], scores[:, 1].reshape(3, -1), atol=1e-5)
    np.testing.assert_allclose(found["offsets"], offsets.reshape(3, 4, -1).swapaxes(1, 2), atol=1e-5)


def test_r_net(run: Run, files: dict[str, bytes]) -> None:
    def network(g: GraphBuilder, x: Value) -> dict[str, Value]:
        score, offsets = refinement_net(g, x, read_weights(files["rnet.pt"]))
        return {"score": Value(score, ()), "offsets": Value(offsets, (4,))}

    images = pictures(24)
    found = run(built(24, network), {"x": images})
    offsets, scores = reference("RNet", images)
    np.testing.assert_allclose(found["score"], scores[:, 1], atol=1e-5)
    np.testing.assert_allclose(found["offsets"], offsets, atol=1e-5)


def test_o_net(run: Run, files: dict[str, bytes]) -> None:
    def network(g: GraphBuilder, x: Value) -> dict[str, Value]:
        score, offsets, points = final_net(g, x, read_weights(files["onet.pt"]))
        return {"score": Value(score, ()), "offsets": Value(offsets, (4,)), "points": Value(points, (10,))}

    images = pictures(48)
    found = run(built(48, network), {"x": images})
    offsets, points, scores = reference("ONet", images)
    np.testing.assert_allclose(found["score"], scores[:, 1], atol=1e-5)
    np.testing.assert_allclose(found["offsets"], offsets, atol=1e-5)
    np.testing.assert_allclose(found["points"], points, atol=1e-5)


def test_boxes_are_moved_squared_and_cut_as_facenet_pytorch_does(run: Run) -> None:
    rng = np.random.default_rng(0)
    low = rng.uniform(-20, 600, (50, 2))
    boxes = np.hstack([low, low + rng.uniform(10, 200, (50, 2))]).astype(np.float32)
    offsets = rng.normal(0, 0.2, (50, 4)).astype(np.float32)
    g = GraphBuilder()
    start, by = g.input("boxes", (4,)), g.input("offsets", (4,))
    square = squared(g, moved(g, start.name, by.name, 1))
    outputs = {"square": Value(square, (4,)), "cut": Value(padded_corners(g, square, 640), (4,))}
    found = run(g.finish(outputs), {"boxes": boxes, "offsets": offsets})

    theirs = oracle("facenet_pytorch.models.utils.detect_face")
    expected = theirs.rerec(theirs.bbreg(torch.from_numpy(boxes.copy()), torch.from_numpy(offsets)))
    top, bottom, left, right = theirs.pad(expected, 640, 640)
    np.testing.assert_allclose(found["square"], expected, atol=1e-3)
    inside = (left <= right) & (top <= bottom) & (right >= 1) & (bottom >= 1) & (left <= 640) & (top <= 640)
    assert inside.sum() > 40
    cut = np.stack([left - 1, top - 1, right, bottom], axis=1)
    np.testing.assert_array_equal(found["cut"][inside], cut[inside])


def test_a_picture_of_nothing_has_no_candidates(run: Run, files: dict[str, bytes]) -> None:
    found = run(import_mtcnn(files), {"images": np.zeros((2, 640, 640, 3), np.float32)})
    assert {name: tensor.shape for name, tensor in found.items()} == {
        "rows": (0, 1),
        "boxes": (0, 4),
        "scores": (0, 1),
        "offsets": (0, 4),
        "points": (0, 10),
    }


def test_another_network_is_refused(files: dict[str, bytes]) -> None:
    with pytest.raises(ImportFailedError, match=r"conv4_1"):
        import_mtcnn({**files, "pnet.pt": files["rnet.pt"]})
