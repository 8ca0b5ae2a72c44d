"""Pictures of a talking mouth, kept for a model that looks at several in a row; nothing is inferred.

As Wav2Lip prepares them: the face's box is stretched to 96×96 and its lower half taken. Its boxes come from
S3FD, ours are the landmarks' extent, which is as tight; the box's shape is taken to be always the same.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from argusd.kernels.pictures.picture import Span

from ...contract.roles import FACE_MESH, LIP_CROPS, VAD
from ...core import Feeds, Frame, Roi
from ..pixels import crop
from ..registry import BuiltIn, register

SIZE = 96
HEIGHT = SIZE // 2
SQUARE = 120  # pixels that the box's height is sampled at; its width, 0.8 of that, is then 96
ASIDE = (SQUARE - SIZE) // 2


class PassThrough:
    """An engine that gives back what it is fed."""

    def run(self, feeds: Feeds) -> list[NDArray[Any]]:
        """The feeds themselves."""
        return list(feeds.values())


class LipCrops:
    """The cutter; one output row is u8 BGR ``[48, 96, 3]``. A region's size is the face's height."""

    role = LIP_CROPS
    name = "lip_crops"

    def example(self, batch: int) -> Feeds:
        """Black."""
        return {"crops": np.zeros((batch, HEIGHT, SIZE, 3), np.uint8)}

    def prepare(self, frames: Sequence[Frame], rois: Sequence[Roi]) -> Feeds:
        """The pictures, u8 ``[B, 48, 96, 3]``."""
        squares = crop(frames, rois, SQUARE, Span(0, 255))[:, SQUARE // 2 :, ASIDE:-ASIDE, ::-1]
        lower = [cv2.resize(square, (SIZE, HEIGHT), interpolation=cv2.INTER_AREA) for square in squares]
        return {"crops": np.rint(np.stack(lower)).astype(np.uint8)}

    def decode(self, tensors: Sequence[NDArray[Any]], rois: Sequence[Roi]) -> list[NDArray[np.uint8]]:
        """One picture a row."""
        return [tensors[0][row] for row in range(len(rois))]


# Filled only where a model of another role is fed with it.
register(BuiltIn(LIP_CROPS, (FACE_MESH, VAD), lambda: (LipCrops(), PassThrough())), "lip_crops")
