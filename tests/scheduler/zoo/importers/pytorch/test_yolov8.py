"""The imported graph, held against ultralytics' own model with the same random weights, saved as it saves."""

import copy
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
import torch

from argusd.scheduler.zoo.errors import ImportFailedError
from argusd.scheduler.zoo.importers.pytorch.yolov8 import import_yolov8

from ....oracles import oracle

Run = Callable[[onnx.ModelProto, dict[str, npt.NDArray[Any]]], dict[str, npt.NDArray[Any]]]


@pytest.fixture(scope="module")
def images() -> npt.NDArray[np.float32]:
    return np.random.default_rng(0).uniform(0, 1, (2, 640, 640, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def network(images: npt.NDArray[np.float32]) -> Any:
    """Random weights in half precision, and the normalisation statistics that these pictures give."""
    torch.manual_seed(1)
    network = oracle("ultralytics.nn.tasks").DetectionModel("yolov8n.yaml", verbose=False)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        network.train()(as_tensor(images))
    return network.eval().half()


def as_tensor(images: npt.NDArray[np.float32]) -> Any:
    return torch.from_numpy(images.transpose(0, 3, 1, 2).copy())


def saved(model: Any) -> bytes:
    """A checkpoint as ultralytics publishes them: the pickled module, and what it was trained with."""
    file = io.BytesIO()
    torch.save({"epoch": -1, "model": model, "ema": None, "train_args": {"imgsz": 640}}, file)
    return file.getvalue()


def test_the_graph_computes_what_ultralytics_computes(
    run: Run, network: Any, images: npt.NDArray[np.float32]
) -> None:
    found = run(import_yolov8(saved(network)), {"images": images})["output0"]
    with torch.no_grad():
        expected = copy.deepcopy(network).float()(as_tensor(images))[0].numpy()
    assert found.shape == expected.shape == (2, 84, 8400)
    assert expected[:, :4].std() > 10
    np.testing.assert_allclose(found[:, :4], expected[:, :4], atol=0.02)  # pixels of 640
    np.testing.assert_allclose(found[:, 4:], expected[:, 4:], atol=1e-5)


def test_a_network_of_other_classes_is_imported_as_well(run: Run, images: npt.NDArray[np.float32]) -> None:
    network = oracle("ultralytics.nn.tasks").DetectionModel("yolov8n.yaml", nc=3, verbose=False).eval().half()
    found = run(import_yolov8(saved(network)), {"images": images})["output0"]
    with torch.no_grad():
        expected = copy.deepcopy(network).float()(as_tensor(images))[0].numpy()
    assert found.shape == expected.shape == (2, 7, 8400)
    np.testing.assert_allclose(found[:, 4:], expected[:, 4:], atol=1e-5)


@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning"
)  # of PyTorch's older exporter, which ultralytics calls
def test_the_graph_computes_what_ultralytics_own_export_does(
    run: Run, network: Any, images: npt.NDArray[np.float32], tmp_path: Path
) -> None:
    (tmp_path / "n.pt").write_bytes(saved(network))
    options = {"format": "onnx", "dynamic": True, "simplify": False, "opset": 17, "verbose": False}
    exported = oracle("ultralytics").YOLO(tmp_path / "n.pt").export(**options)
    channels_first = images.transpose(0, 3, 1, 2).copy()
    expected = run(onnx.load(exported), {"images": channels_first})["output0"]

    found = run(import_yolov8(saved(network)), {"images": images})["output0"]

    np.testing.assert_allclose(found[:, :4], expected[:, :4], atol=2e-3)  # pixels of 640
    np.testing.assert_allclose(found[:, 4:], expected[:, 4:], atol=1e-6)


def test_nothing_of_ultralytics_is_imported(network: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    content = saved(network)
    for module in [name for name in list(sys.modules) if name.startswith("ultralytics")]:
        monkeypatch.setitem(sys.modules, module, None)
    assert import_yolov8(content).graph.node


@pytest.mark.parametrize("content", [b"", b"no checkpoint", saved({"state": torch.zeros(1)}), saved(None)])
def test_what_holds_no_module_is_refused(content: bytes) -> None:
    with pytest.raises(ImportFailedError):
        import_yolov8(content)


def test_a_module_of_another_kind_is_refused() -> None:
    with pytest.raises(ImportFailedError, match="not a usable YOLOv8 checkpoint"):
        import_yolov8(saved(torch.nn.Linear(2, 2)))
