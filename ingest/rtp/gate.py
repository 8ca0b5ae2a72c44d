"""Which encoded frames are worth decoding."""

from typing import NamedTuple

from ..codecs.bitstream import FrameHead
from ..decoding.picture_limit import PictureLimit

# More than what a jump over a gap sets free at once: 350 ms of 60 frames a second.
MAX_BACKLOG = 24


class Verdict(NamedTuple):
    """``reason`` is empty for a frame to decode, else the name under which its loss is counted.

    ``clear``: what waits for the decoder is to be dropped first. ``ask``: a keyframe would help.
    """

    reason: str = ""
    clear: bool = False
    ask: bool = False


class KeyframeGate:
    """Holds frames back until a keyframe makes them decodable, and when the decoder does not keep up.

    ``suspect`` is True after a loss and until the next keyframe: pictures decoded then may be torn.
    """

    def __init__(self, limit: PictureLimit) -> None:
        self._limit = limit
        self._waiting = True
        self._oversize = False
        self.suspect = False

    def judge(self, head: FrameHead, backlog: int) -> Verdict:
        """Decide on the next frame; ``backlog`` is how many wait for the decoder."""
        if head.keyframe:
            return self._judge_keyframe(head, backlog)
        if self._waiting:
            return Verdict("frame_too_large") if self._oversize else Verdict("await_keyframe", ask=True)
        if backlog >= MAX_BACKLOG:
            # Overflow policy: all that waits is dropped, and what follows up to the next keyframe.
            self._waiting = True
            return Verdict("overload", clear=True, ask=True)
        return Verdict(ask=self.suspect)

    def fits(self, size: tuple[int, int]) -> bool:
        """Whether pictures of this width and height are taken."""
        return self._limit.takes(*size)

    def lost(self) -> None:
        """Packets before the next frame are gone for good."""
        self.suspect = True

    def broken(self) -> None:
        """The decoder lost its state: nothing but a keyframe helps."""
        self._waiting = True

    def _judge_keyframe(self, head: FrameHead, backlog: int) -> Verdict:
        if head.size is not None:
            self._oversize = not self.fits(head.size)
        self._waiting = self._oversize
        if self._oversize:
            return Verdict("frame_too_large")
        self.suspect = False
        return Verdict(clear=backlog >= MAX_BACKLOG)
