from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
import torch

from argusd.scheduler.models.outputs import unit_rows
from argusd.scheduler.zoo.errors import ImportFailedError
from argusd.scheduler.zoo.importers.pytorch.syncnet import import_syncnet

from ....syncnet_network import SyncNetColor

Run = Callable[[onnx.ModelProto, dict[str, npt.NDArray[Any]]], dict[str, npt.NDArray[Any]]]


@pytest.fixture(scope="module")
def network() -> SyncNetColor:
    return SyncNetColor()


@pytest.mark.parametrize(("faces", "sounds", "prefix"), [(1, 1, ""), (2, 5, "module.")])
def test_the_graph_computes_what_pytorch_computes(
    run: Run, network: SyncNetColor, faces: int, sounds: int, prefix: str
) -> None:
    random = np.random.default_rng(0)
    feeds = {
        "faces": random.uniform(0, 1, (faces, 15, 48, 96)).astype(np.float32),
        "mels": random.uniform(-4, 4, (sounds, 1, 80, 16)).astype(np.float32),
    }
    found = run(import_syncnet(network.saved(prefix)), feeds)
    with torch.no_grad():
        expected = network(*(torch.from_numpy(feeds[name]) for name in ("mels", "faces")))
    for name, theirs in zip(("sound_embedding", "face_embedding"), expected, strict=True):
        np.testing.assert_allclose(unit_rows(found[name]), theirs.numpy(), atol=1e-5)


def test_another_network_is_refused(network: SyncNetColor) -> None:
    with pytest.raises(ImportFailedError, match=r"face_encoder\.0"):
        import_syncnet(network.saved("another."))
