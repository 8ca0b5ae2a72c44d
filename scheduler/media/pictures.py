"""Pictures whose pixels lie in this process: tasks', and JPEGs in an arena once they are decoded.

A JPEG is decoded once, whichever roles look at it::

    role a ─ open ─▶ ┌───────────┐              a batch in one thread decodes,
    role b ─ open ─▶ │ JpegFrame │ ─ decoded ─▶ one in another thread waits for it
                     └───────────┘
    JpegCache: the newest frame of each ring, until every role has opened it

A frame's pixels are of use for as long as its slot holds it, no longer; a ring that closes takes its own with
it, zeroed. Rings are sessions' own, so that no pixels go from one to another.
"""

import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from argusd.ingest.shm.frame import FrameInfo, PixelFormat
from argusd.ingest.shm.ring import FrameView
from argusd.kernels.errors import KernelError
from argusd.kernels.pictures.jpeg import decode_jpeg

from ..contract.errors import ServiceError
from ..core import Frame
from .arena_sources import RingRef

MOST_BYTES = 256 << 20  # ninety pictures of 1280 × 720


class StillFrame:
    """A ``core.Frame`` of BGR u8 ``[height, width, 3]`` that nobody overwrites."""

    def __init__(self, bgr: NDArray[np.uint8]) -> None:
        height, width = bgr.shape[:2]
        self.info = FrameInfo(
            width=width,
            height=height,
            format=PixelFormat.BGR24,
            strides=(3 * width, 0, 0),
            nbytes=3 * width * height,
        )
        self.planes = [bgr.reshape(height, 3 * width)]

    def valid(self) -> bool:
        """Always."""
        return True


class Undecoded(ABC):
    """A ``core.Frame`` whose pixels are decoded by the thread that needs them."""

    @abstractmethod
    def decoded(self) -> StillFrame | None:
        """Its pixels; None: it cannot be decoded, or is not there any more."""


class TaskFrame(Undecoded):
    """A task's picture; ``pixels`` gives its BGR u8 ``[height, width, 3]``, or raises why it cannot."""

    def __init__(self, pixels: Callable[[], NDArray[np.uint8]]) -> None:
        self._pixels = pixels

    @property
    def info(self) -> FrameInfo:
        """The geometry of its pixels."""
        return StillFrame(self._pixels()).info

    @property
    def planes(self) -> Sequence[NDArray[np.uint8]]:
        """Its pixels."""
        return StillFrame(self._pixels()).planes

    def valid(self) -> bool:
        """Always."""
        return True

    def decoded(self) -> StillFrame | None:
        """Its pixels; None: it cannot be decoded, and the task finds out why."""
        try:
            return StillFrame(self._pixels())
        except ServiceError:
            return None


def decoded(frame: Frame) -> Frame | None:
    """The frame itself, or what it decodes to if it is encoded: None if it cannot be, or not any more.

    A batch is made of decoded frames, so that a broken JPEG harms no other row. Takes milliseconds: for an
    executor's thread.
    """
    if isinstance(frame, Undecoded):
        return frame.decoded()
    return frame if frame.info.format != PixelFormat.JPEG else _decoded(frame)


def _decoded(frame: Frame) -> StillFrame | None:
    try:
        pixels = decode_jpeg(frame.planes[0].reshape(-1))
    except KernelError:
        return None
    return StillFrame(pixels) if frame.valid() else None


class JpegFrame(Undecoded):
    """A ``core.Frame`` that several may look at; its pixels come with ``decoded``.

    ``readers``: those that have not opened it so far. ``taken`` is called once, with the bytes of its pixels,
    by the thread that decoded them.
    """

    def __init__(self, frame: FrameView, readers: int, taken: Callable[["JpegFrame", int], None]) -> None:
        self.number = frame.number
        self.readers = readers
        self.nbytes = 0
        self._frame = frame
        self._taken = taken
        self._still: StillFrame | None = None
        self._tried = False
        self._lock = threading.Lock()

    @property
    def info(self) -> FrameInfo:
        """The JPEG's, as its writer told it."""
        return self._frame.info

    @property
    def planes(self) -> Sequence[NDArray[np.uint8]]:
        """The JPEG's bytes."""
        return self._frame.planes

    def valid(self) -> bool:
        """Whether its slot still holds it."""
        return self._frame.valid()

    def decoded(self) -> StillFrame | None:
        """Its pixels, decoded by whoever asks first; None: it cannot be decoded, or its slot is gone."""
        with self._lock:
            first, self._tried = not self._tried, True
            if first:
                self._still = _decoded(self._frame)
            still = self._still if self.valid() else None
        if first and still is not None:
            self._taken(self, still.info.nbytes)
        return still

    def clear(self) -> None:
        """Leave nothing of its pixels."""
        with self._lock:
            if self._still is not None:
                self._still.planes[0].fill(0)
            self._still, self._tried = None, True


class JpegCache:
    """The newest JPEG of each ring, for those who look at it one after the other.

    Once the last of them has opened it, only batches keep it.
    Overflow (more than ``most_bytes`` of pixels): the frame goes that was opened longest ago. Whoever looks
    at it already keeps it; whoever opens it again decodes it again.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._nbytes = 0
        self._frames: OrderedDict[RingRef, JpegFrame] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, ring: RingRef, frame: FrameView, readers: int) -> Frame:
        """The frame to look at: itself, or what all that look at this JPEG share.

        ``readers``: how many read this ring; each opens a frame at most once.
        """
        if frame.info.format != PixelFormat.JPEG:
            return frame
        with self._lock:
            known = self._frames.get(ring)
            if known is None or known.number != frame.number:
                self._drop(ring)
                known = self._frames[ring] = JpegFrame(frame, readers, partial(self._count, ring))
            self._frames.move_to_end(ring)
            known.readers -= 1
            if known.readers <= 0:
                self._drop(ring)
            while self._frames and not self._frames[oldest := next(iter(self._frames))].valid():
                self._drop(oldest)
        return known

    def close(self, ring: RingRef) -> None:
        """The ring is not its session's any more."""
        with self._lock:
            frame = self._drop(ring)
        if frame is not None:
            frame.clear()

    def _count(self, ring: RingRef, frame: JpegFrame, nbytes: int) -> None:
        with self._lock:
            if self._frames.get(ring) is frame:
                frame.nbytes = nbytes
                self._nbytes += nbytes
            while self._nbytes > self._most_bytes:
                self._drop(next(iter(self._frames)))

    def _drop(self, ring: RingRef) -> JpegFrame | None:
        frame = self._frames.pop(ring, None)
        if frame is not None:
            self._nbytes -= frame.nbytes
        return frame
