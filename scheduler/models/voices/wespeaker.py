"""WeSpeaker ResNet34: whose voice two seconds of speech are.

Wang et al., ICASSP 2023 (arXiv:2210.17016), trained on VoxCeleb with large margins, weights as published by
pyannote (wespeaker-voxceleb-resnet34-LM, CC BY 4.0). Kaldi's filter banks, 25 ms every 10 ms, 80 bands, their
mean over the window taken off.

Input: f32 ``[B, 198, 80]``. Output: f32 ``[B, 256]``, to be scaled to length 1.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from argusd.kernels.sound.fbank import fbank

from ...contract.media import SAMPLE_RATE
from ...contract.roles import SPEAKER_EMBEDDER
from ...core import Feeds
from ..outputs import VoicePrint, unit_rows
from ..registry import Graph, register

FRAME = 400
HOP = 160
FRAMES = 198
BANDS = 80
EMBEDDING_SIZE = 256
# Not measured on recordings yet. pyannote 3.1 parts speakers where means of windows are 0.70 apart, so at a
# likeness of 0.30; two whole recordings are asked for a little more.
THRESHOLD = 0.40
LIKENESS = 0.30


class WeSpeaker:
    """The voice encoder; one output row is a ``VoicePrint``. It remembers nothing.

    ``threshold``: the least cosine of two recordings of one voice.
    """

    role = SPEAKER_EMBEDDER
    window = FRAME + (FRAMES - 1) * HOP
    hop = window // 2
    embedding_size = EMBEDDING_SIZE
    threshold = THRESHOLD

    def __init__(self, name: str) -> None:
        self.name = name

    def example(self, batch: int) -> Feeds:
        """A flat spectrum."""
        return {"fbank": np.zeros((batch, FRAMES, BANDS), np.float32)}

    def reset(self, slot: int) -> None:
        """Every window stands for itself."""

    def prepare(self, samples: NDArray[np.int16], slots: NDArray[np.intp]) -> Feeds:  # noqa: ARG002 - stateless
        """Feeds for i16 ``[B, 31920]``."""
        bands = fbank(samples.astype(np.float32), SAMPLE_RATE, FRAME, HOP, BANDS)
        return {"fbank": bands - bands.mean(axis=1, keepdims=True)}

    def decode(self, tensors: Sequence[NDArray[Any]], slots: NDArray[np.intp]) -> list[VoicePrint]:  # noqa: ARG002
        """One ``VoicePrint`` per row."""
        return [VoicePrint(row, LIKENESS, self.name) for row in unit_rows(tensors[0])]


register(Graph(WeSpeaker), "wespeaker")
