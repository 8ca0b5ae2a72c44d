"""Decoded media into rings: one ring per track, made when its geometry is known, replaced when it changes.

Who promises to take a track reserves room for it first: then it has a ring whatever other tracks need later.
Pictures that are larger than an ordinary camera's need more than that, and get it while there is more.
"""

import contextlib
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..decoding.picture_limit import LEAST_SLOTS
from ..errors import ArenaFull, RingClosed
from .arena import Arena, Room
from .frame import FrameInfo, slot_bytes_for
from .ring import FrameRing, PcmRing


class Ring(Protocol):
    """What a reader needs to find a ring."""

    place: int
    generation: int


class FrameSink:
    """Writes one track's frames; the decoder thread writes, the loop closes.

    ``opened`` is called with every new ring, in the thread that writes, before its first frame.
    """

    def __init__(self, arena: Arena, slots: int, opened: Callable[[Ring], None]) -> None:
        self.room = Room(arena)
        self._arena = arena
        self._slots = slots
        self._opened = opened
        self._ring: FrameRing | None = None
        self._size = (0, 0)
        self._closed = False
        self._lock = threading.Lock()

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height of the newest frame; None before the first."""
        return self._size if self._ring is not None else None

    def reserve(self, nbytes: int) -> None:
        """Have room for a ring of so many bytes, come what may; before the first write.

        Raises:
            ArenaFull: there is none.
        """
        self.room.reserve(nbytes)

    def write(self, planes: Sequence[NDArray[np.uint8]], info: FrameInfo) -> None:
        """Publish a frame.

        Raises:
            ArenaFull: there is no room for a ring of this geometry; the next frame tries again.
            RingClosed: the session is over.
        """
        with self._lock:
            if self._closed:
                raise RingClosed("the session is over")
            if not self._fits(info):
                self._open(info)
            if self._ring is not None:
                self._ring.write(planes, info)

    def _fits(self, info: FrameInfo) -> bool:
        ring, size = self._ring, (info.width, info.height)
        return ring is not None and self._size == size and info.nbytes <= ring.frame_bytes

    def _open(self, info: FrameInfo) -> None:
        self._end_ring()
        self._ring = self._made(slot_bytes_for(info))
        self._size = (info.width, info.height)
        self._opened(self._ring)

    def _made(self, frame_bytes: int) -> FrameRing:
        """A ring of as many slots as there are to be, or as there is room for."""
        for slots in range(self._slots, LEAST_SLOTS, -1):
            with contextlib.suppress(ArenaFull):
                return FrameRing(self._arena, slots, frame_bytes, self.room)
        return FrameRing(self._arena, LEAST_SLOTS, frame_bytes, self.room)

    def restart(self) -> None:
        """Zero the ring, and begin another one with the next frame."""
        with self._lock:
            self._end_ring()

    def close(self) -> None:
        """Zero and give back the memory."""
        with self._lock:
            self._closed = True
            self._end_ring()
            self.room.close()

    def _end_ring(self) -> None:
        if self._ring is not None:
            self._ring.close()
            self._ring = None


class PcmSink:
    """Writes one track's samples, on the loop. ``opened`` is called when the ring is made."""

    def __init__(self, arena: Arena, seconds: float, opened: Callable[[Ring], None]) -> None:
        self.room = Room(arena)
        self._arena = arena
        self._seconds = seconds
        self._opened = opened
        self._ring: PcmRing | None = None
        self._closed = False

    def reserve(self, nbytes: int) -> None:
        """Have room for a ring of so many bytes, come what may; before the first write.

        Raises:
            ArenaFull: there is none.
        """
        self.room.reserve(nbytes)

    def write(
        self, samples: NDArray[np.int16], captured_ns: int, arrival_ns: int, rtp_timestamp: int
    ) -> None:
        """Publish samples with the clocks of the first.

        Raises:
            ArenaFull: there is no room for the ring; the next write tries again.
            RingClosed: the session is over.
        """
        if self._closed:
            raise RingClosed("the session is over")
        if self._ring is None:
            self._ring = PcmRing(self._arena, self._seconds, self.room)
            self._opened(self._ring)
        self._ring.write(samples, captured_ns, arrival_ns, rtp_timestamp)

    def restart(self) -> None:
        """Begin another ring with the next write: it does not go on where the last one ended."""
        if self._ring is not None:
            self._ring.close()
            self._ring = None

    def close(self) -> None:
        """Zero and give back the memory."""
        self._closed = True
        self.restart()
        self.room.close()
