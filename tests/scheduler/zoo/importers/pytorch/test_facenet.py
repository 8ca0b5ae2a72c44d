"""The imported graph, held against facenet-pytorch's own module with the same random weights."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
import torch

from argusd.scheduler.zoo.errors import ImportFailedError
from argusd.scheduler.zoo.importers.pytorch.facenet import import_facenet

from ....oracles import oracle

Run = Callable[[onnx.ModelProto, dict[str, npt.NDArray[Any]]], dict[str, npt.NDArray[Any]]]


@pytest.fixture(scope="module")
def images() -> npt.NDArray[np.float32]:
    """Coarse patterns; fine noise would be all the same to a network that averages over the picture."""
    coarse = np.random.default_rng(0).uniform(-1, 1, (3, 4, 4, 3)).astype(np.float32)
    return np.repeat(np.repeat(coarse, 40, axis=1), 40, axis=2)


@pytest.fixture(scope="module")
def network(images: npt.NDArray[np.float32]) -> Any:
    """Random weights, and the normalisation statistics that these pictures give, so that layers matter."""
    torch.manual_seed(1)
    network = oracle("facenet_pytorch").InceptionResnetV1(dropout_prob=0.0)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d | torch.nn.BatchNorm1d):
            module.momentum = 1.0
    with torch.no_grad():
        network.train()(as_tensor(images))
    return network.eval()


def as_tensor(images: npt.NDArray[np.float32]) -> Any:
    return torch.from_numpy(images.transpose(0, 3, 1, 2).copy())


def saved(state: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    torch.save(state, file)
    return file.getvalue()


def test_the_graph_computes_what_facenet_pytorch_computes(
    run: Run, network: Any, images: npt.NDArray[np.float32]
) -> None:
    state = network.state_dict() | {"logits.weight": torch.zeros(8631, 512), "logits.bias": torch.zeros(8631)}
    raw = run(import_facenet(saved(state)), {"images": images})["embedding"]
    found = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    with torch.no_grad():
        expected = network(as_tensor(images)).numpy()
    assert expected[0] @ expected[1] < 0.9, "with these weights all pictures are alike"
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_another_network_is_refused() -> None:
    with pytest.raises(ImportFailedError, match=r"conv2d_1a"):
        import_facenet(saved({"last_linear.weight": torch.zeros(512, 1792)}))
