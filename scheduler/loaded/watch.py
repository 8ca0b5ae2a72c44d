"""What moved in a row's frames of late, kept from look to look in the executor's thread that looks."""

from argusd.kernels.pictures.motion import cells_of

from ..core import Frame
from ..models.motion import RecentMotion
from .last_looks import brightness


class Watch:
    """One row's. ``motion``: of the frames that were whole."""

    def __init__(self) -> None:
        self.motion = RecentMotion()

    def seeing(self, frame: Frame, arrival_s: float) -> RecentMotion:
        """What ``motion`` is with this decoded frame, if it turns out to be whole."""
        if not self.motion.wants(arrival_s):
            return self.motion
        return self.motion.after(cells_of(brightness(frame)), arrival_s)
