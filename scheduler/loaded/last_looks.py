"""What a row's model saw last, to be told again while the picture is as it was then.

A picture is compared with the one that was looked at, not with the one before it: what changes little by
little adds up. All of it happens in the executor's thread that would else have run the model.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from argusd.ingest.shm.frame import FrameInfo, PixelFormat
from argusd.kernels.pictures.picture import Square
from argusd.kernels.pictures.sketch import Sketch, cells_in, changed, sketch

from ..core import Frame, Reuse, Roi
from ..media.moments import NANOSECONDS

MOST = 8  # regions: detectors look by turns at the frame, from further back, and at parts of it


class Look(NamedTuple):
    """One region of a picture that was looked at: how the picture was, and which part of it may change.

    ``arrival_ns``: when the picture came, which its decoded pixels do not tell.
    """

    roi: Roi
    arrival_ns: int
    info: FrameInfo
    cells: Sketch
    followed: Roi | None

    def holds(self, later: "Look", longest_s: float) -> bool:
        """Whether the later picture is as this one, ``longest_s`` after it at most."""
        if later.arrival_ns - self.arrival_ns >= longest_s * NANOSECONDS:
            return False
        cells = changed(later.cells, self.cells)
        if self.followed is not None and later.followed is not None:
            cells &= ~cells_in(Square(*self.followed), self.info.width, self.info.height)
        return not cells.any()


class LastLooks:
    """One row's newest look at each region, at most ``MOST`` of them: the oldest goes."""

    def __init__(self) -> None:
        self._known: dict[Roi, tuple[Look, Any]] = {}
        self._look: Look | None = None

    def recall(self, frame: Frame, arrival_ns: int, roi: Roi, reuse: Reuse) -> Any | None:
        """What was seen in this region, if it holds for this decoded frame; None: look."""
        self._look = look = Look(roi, arrival_ns, frame.info, sketch(brightness(frame)), reuse.followed)
        if roi not in self._known:
            return None
        last, output = self._known[roi]
        return output if last.holds(look, reuse.longest_s) else None

    def keep(self, output: Any) -> None:
        """This was seen in the frame that was asked for last."""
        assert self._look is not None, "a frame is asked for before it is looked at"
        self._known.pop(self._look.roi, None)
        self._known[self._look.roi] = self._look, output
        if len(self._known) > MOST:
            del self._known[next(iter(self._known))]


def brightness(frame: Frame) -> NDArray[np.uint8]:
    """Those of a decoded frame's pixels that tell how bright it is."""
    info, pixels = frame.info, frame.planes[0]
    if info.format == PixelFormat.BGR24:
        return pixels[:, : 3 * info.width].reshape(info.height, info.width, 3)
    return pixels[:, : info.width]
