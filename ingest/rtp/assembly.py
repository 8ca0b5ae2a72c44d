"""In-order packets into whole encoded frames."""

from typing import NamedTuple

from argusd.scheduler.contract.media import Orientation

MAX_FRAME_BYTES = 4 << 20


class Part(NamedTuple):
    """One packet's share of a frame. ``number`` and ``timestamp`` are extended (they never wrap).

    ``orientation`` is what the packet says of it, None for nothing; ``discardable``: see ``VideoCodec``.
    """

    number: int
    timestamp: int
    marker: bool
    starts_frame: bool
    data: bytes
    arrival_ns: int
    orientation: Orientation | None = None
    discardable: bool = False


class EncodedFrame(NamedTuple):
    """A whole frame, packet by packet; ``follows_loss``: packets between the last one and it are gone.

    ``orientation`` is what its last packet says of it, None for nothing: that of the frame before;
    ``discardable``: its last packet says that no other frame is predicted from it.
    """

    parts: list[bytes]
    timestamp: int
    arrival_ns: int
    follows_loss: bool
    orientation: Orientation | None = None
    discardable: bool = False


class FrameAssembler:
    """Joins parts up to the marker bit (or a new timestamp, for senders that set no marker).

    After a jump in the numbers it waits for the certain start of a frame: a part that says so, or one right
    after a part that ended or belongs to another frame. Half frames never leave it.
    """

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._nbytes = 0
        self._previous: Part | None = None
        self._lost = False
        self.mid_frame = 0
        self.padding = 0
        self.too_long = 0

    def add(self, part: Part) -> list[EncodedFrame]:
        """Take the next part; returns the frames it completes (at most two)."""
        frames: list[EncodedFrame] = []
        previous = self._previous
        if previous is not None and part.number != previous.number + 1:
            self.restart()
            previous = None
        if self._parts and part.timestamp != self._parts[0].timestamp:
            frames.append(self._finish())
        if not part.data:
            # Padding carries no media; what it comes after is still what the next part comes after.
            self.padding += 1
            self._previous = previous and previous._replace(number=part.number)
            return frames
        self._previous = part
        if not self._parts and not _may_start(part, previous):
            self.mid_frame += 1
            return frames
        self._parts.append(part)
        self._nbytes += len(part.data)
        if self._nbytes > MAX_FRAME_BYTES:
            self.too_long += 1
            self.restart()
        elif part.marker:
            frames.append(self._finish())
        return frames

    def _finish(self) -> EncodedFrame:
        parts = self._parts
        # A retransmitted part may have come after the one that ends the frame.
        arrival_ns = max([part.arrival_ns for part in parts])
        data, last = [part.data for part in parts], parts[-1]
        lost = self._lost
        frame = EncodedFrame(data, last.timestamp, arrival_ns, lost, last.orientation, last.discardable)
        self._parts, self._nbytes, self._lost = [], 0, False
        return frame

    def restart(self) -> None:
        """Drop the frame at hand: what comes next does not continue it."""
        self.mid_frame += len(self._parts)
        self._parts, self._nbytes, self._lost = [], 0, True
        self._previous = None


def _may_start(part: Part, previous: Part | None) -> bool:
    if part.starts_frame:
        return True
    return previous is not None and (previous.marker or previous.timestamp != part.timestamp)
