"""How bright the part of a frame is that a model looks at: in the dark it draws what it expects of a face."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from argusd.ingest.shm.frame import PixelFormat

from ..core import Frame, Roi, VisionModel

POINTS = 16  # on each side, of a grid over the middle of the region
MIDDLE = 0.5
BLACK, WHITE = 16, 235  # of video's brightness (ITU-R BT.601)


@runtime_checkable
class MindsLight(VisionModel, Protocol):
    """A model whose outputs tell how bright their regions were."""

    def lit(self, outputs: Sequence[Any], light: Sequence[float]) -> list[Any]:
        """What ``decode`` gave, with each row's light."""


def light(frame: Frame, roi: Roi) -> float:
    """The mean brightness 0..1 of the middle of a region, in the host's memory; black beyond the frame.

    ``frame``: decoded, so not a JPEG.
    """
    info, half = frame.info, MIDDLE * roi.size / 2
    top, bottom = _between(roi.center_y - half, roi.center_y + half, info.height)
    left, right = _between(roi.center_x - half, roi.center_x + half, info.width)
    step = max(1, int(2 * half / POINTS))
    pixels, black, white = frame.planes[0], BLACK, WHITE
    if info.format == PixelFormat.BGR24:
        pixels, black, white = pixels[:, : 3 * info.width].reshape(info.height, info.width, 3), 0, 255
    seen = pixels[top:bottom:step, left:right:step]
    return max(0.0, (float(seen.mean()) - black) / (white - black)) if seen.size else 0.0


def _between(first: float, last: float, most: int) -> tuple[int, int]:
    return max(0, min(most, int(first))), max(0, min(most, int(last) + 1))
