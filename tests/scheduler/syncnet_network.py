"""SyncNet_color with random weights, in PyTorch: the published ones cannot be had everywhere.

Names of layers are the published checkpoint's.
"""

import io
from typing import Any

import torch


class Conv(torch.nn.Module):  # type: ignore[misc]
    """A convolution, its normalisation (whose statistics are not those it starts with), and a Relu."""

    def __init__(self, inner: int, outer: int, size: int, stride: Any, padding: int, residual: bool) -> None:
        super().__init__()
        norm = torch.nn.BatchNorm2d(outer)
        for tensor in (norm.weight, norm.running_var):
            torch.nn.init.uniform_(tensor, 0.5, 1.5)
        for tensor in (norm.bias, norm.running_mean):
            torch.nn.init.uniform_(tensor, -0.5, 0.5)
        self.conv_block = torch.nn.Sequential(torch.nn.Conv2d(inner, outer, size, stride, padding), norm)
        self.residual = residual

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.conv_block(x) + (x if self.residual else 0))


def same(channels: int, times: int) -> list[Conv]:
    return [Conv(channels, channels, 3, 1, 1, True) for _ in range(times)]


class SyncNetColor(torch.nn.Module):  # type: ignore[misc]
    """Both encoders; embeddings have length 1."""

    def __init__(self, seed: int = 1) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.face_encoder = torch.nn.Sequential(
            Conv(15, 32, 7, 1, 3, False),
            *(Conv(32, 64, 5, (1, 2), 1, False), *same(64, 2)),
            *(Conv(64, 128, 3, 2, 1, False), *same(128, 3)),
            *(Conv(128, 256, 3, 2, 1, False), *same(256, 2)),
            *(Conv(256, 512, 3, 2, 1, False), *same(512, 2)),
            Conv(512, 512, 3, 2, 1, False),
            *(Conv(512, 512, 3, 1, 0, False), Conv(512, 512, 1, 1, 0, False)),
        )
        self.audio_encoder = torch.nn.Sequential(
            *(Conv(1, 32, 3, 1, 1, False), *same(32, 2)),
            *(Conv(32, 64, 3, (3, 1), 1, False), *same(64, 2)),
            *(Conv(64, 128, 3, 3, 1, False), *same(128, 2)),
            *(Conv(128, 256, 3, (3, 2), 1, False), *same(256, 2)),
            *(Conv(256, 512, 3, 1, 0, False), Conv(512, 512, 1, 1, 0, False)),
        )
        self.eval()

    def forward(self, mels: torch.Tensor, faces: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        embeddings = self.audio_encoder(mels).flatten(1), self.face_encoder(faces).flatten(1)
        sounds, seen = (torch.nn.functional.normalize(each) for each in embeddings)
        return sounds, seen

    def saved(self, prefix: str = "") -> bytes:
        """As Wav2Lip saves it, ``prefix`` being what parallel training puts before names."""
        file = io.BytesIO()
        state = {f"{prefix}{name}": value for name, value in self.state_dict().items()}
        torch.save({"state_dict": state, "optimizer": None, "global_step": 1, "global_epoch": 1}, file)
        return file.getvalue()
