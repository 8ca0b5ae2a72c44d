import io
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
import torch

from argusd.scheduler.zoo.errors import ImportFailedError
from argusd.scheduler.zoo.importers.pytorch.ge2e import import_ge2e

Run = Callable[[onnx.ModelProto, dict[str, npt.NDArray[Any]]], dict[str, npt.NDArray[Any]]]


class Encoder(torch.nn.Module):  # type: ignore[misc]
    """The published network, with random weights of its own size."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.lstm = torch.nn.LSTM(40, 256, 3, batch_first=True)
        self.linear = torch.nn.Linear(256, 256)

    def forward(self, mels: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.linear(self.lstm(mels)[1][0][-1]))

    def saved(self, *without: str) -> bytes:
        state = {name: value for name, value in self.state_dict().items() if name not in without}
        file = io.BytesIO()
        torch.save({"step": 1, "model_state": state, "optimizer_state": {}}, file)
        return file.getvalue()


@pytest.mark.parametrize("batch", [1, 3])
def test_the_graph_computes_what_pytorch_computes(run: Run, batch: int) -> None:
    encoder = Encoder()
    mels = np.random.default_rng(0).normal(0, 1, (batch, 160, 40)).astype(np.float32)
    found = run(import_ge2e(encoder.saved()), {"mels": mels})["embedding"]
    with torch.no_grad():
        expected = encoder(torch.from_numpy(mels)).numpy()
    assert expected.any()
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_another_network_is_refused() -> None:
    with pytest.raises(ImportFailedError, match=r"lstm\.bias_hh_l2"):
        import_ge2e(Encoder().saved("lstm.bias_hh_l2"))
