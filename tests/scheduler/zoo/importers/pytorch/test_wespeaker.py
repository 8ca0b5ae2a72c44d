import io
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
import torch

from argusd.scheduler.zoo.errors import ImportFailedError
from argusd.scheduler.zoo.importers.pytorch.wespeaker import import_wespeaker

Run = Callable[[onnx.ModelProto, dict[str, npt.NDArray[Any]]], dict[str, npt.NDArray[Any]]]


def pair(inner: int, outer: int, size: int, stride: int) -> tuple[torch.nn.Module, torch.nn.Module]:
    """A convolution and its normalisation, whose statistics are not those it starts with."""
    norm = torch.nn.BatchNorm2d(outer)
    for tensor in (norm.weight, norm.running_var):
        torch.nn.init.uniform_(tensor, 0.5, 1.5)
    for tensor in (norm.bias, norm.running_mean):
        torch.nn.init.uniform_(tensor, -0.5, 0.5)
    return torch.nn.Conv2d(inner, outer, size, stride, size // 2, bias=False), norm


class Block(torch.nn.Module):  # type: ignore[misc]
    """Names of layers here and below are the published checkpoint's."""

    def __init__(self, inner: int, outer: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = pair(inner, outer, 3, stride)
        self.conv2, self.bn2 = pair(outer, outer, 3, 1)
        self.shortcut = torch.nn.Sequential(*(pair(inner, outer, 1, stride) if inner != outer else ()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(inner + self.shortcut(x))


class Network(torch.nn.Module):  # type: ignore[misc]
    """WeSpeaker's ResNet34 with random weights."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.conv1, self.bn1 = pair(1, 32, 3, 1)
        channels = 32
        for layer, blocks in enumerate((3, 4, 6, 3), 1):
            width = 16 << layer
            made = [Block(channels, width, 2 if layer > 1 else 1)]
            made += [Block(width, width, 1) for _ in range(blocks - 1)]
            setattr(self, f"layer{layer}", torch.nn.Sequential(*made))
            channels = width
        self.seg_1 = torch.nn.Linear(5120, 256)
        self.eval()

    def forward(self, fbank: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.bn1(self.conv1(fbank.transpose(1, 2)[:, None])))
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
        flat = x.flatten(1, 2)
        return self.seg_1(torch.cat([flat.mean(2), flat.std(2)], 1))

    def saved(self, **beside: object) -> bytes:
        file = io.BytesIO()
        state = {f"resnet.{name}": value for name, value in self.state_dict().items()}
        torch.save({"state_dict": state, **beside}, file)
        return file.getvalue()


@pytest.fixture(scope="module")
def network() -> Network:
    return Network()


@pytest.mark.parametrize("batch", [1, 3])
def test_the_graph_computes_what_pytorch_computes(run: Run, network: Network, batch: int) -> None:
    fbank = np.random.default_rng(0).normal(0, 3, (batch, 198, 80)).astype(np.float32)
    found = run(import_wespeaker(network.saved(versions={"torch": torch.__version__})), {"fbank": fbank})[
        "embedding"
    ]
    with torch.no_grad():
        expected = network(torch.from_numpy(fbank)).numpy()
    assert expected.shape == (batch, 256)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())


def test_another_network_is_refused() -> None:
    file = io.BytesIO()
    torch.save({"state_dict": {"resnet.conv1.weight": torch.zeros(32, 1, 3, 3)}}, file)
    with pytest.raises(ImportFailedError, match=r"bn1\.weight"):
        import_wespeaker(file.getvalue())
