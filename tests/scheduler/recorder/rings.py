"""Rings with something in them, as the recorder reads them."""

import time

import numpy as np
from numpy.typing import NDArray

from argusd.ingest.shm.arena import Arena, ArenaView
from argusd.ingest.shm.frame import FrameInfo, PixelFormat, i420_info, plane_shapes
from argusd.ingest.shm.ring import FrameRing, PcmRing
from argusd.scheduler.media.arena_sources import RingRef

MIB = 1 << 20


class Video:
    """A track whose pictures are of one brightness each."""

    def __init__(self, width: int, height: int, pixels: PixelFormat = PixelFormat.I420) -> None:
        self.arena = Arena(16 * MIB)
        info = i420_info(width, height)
        shapes = plane_shapes(FrameInfo(width, height, pixels, (0, 0, 0), 0))
        nbytes = sum(rows * row for rows, row in shapes)
        self.info = FrameInfo(width, height, pixels, info.strides, nbytes)
        self.frames = FrameRing(self.arena, 3, nbytes)
        self.ring = RingRef(ArenaView(self.arena.fd), "video", self.frames.place, self.frames.generation)

    def show(self, brightness: int, arrival_ns: int = 0) -> None:
        """Publish a gray picture."""
        values = [brightness, 128, 128] if self.info.format != PixelFormat.BGR24 else [brightness]
        planes = [
            np.full(shape, value, np.uint8)
            for shape, value in zip(plane_shapes(self.info), values, strict=False)
        ]
        info = FrameInfo(
            self.info.width,
            self.info.height,
            self.info.format,
            self.info.strides,
            self.info.nbytes,
            arrival_ns=arrival_ns or time.monotonic_ns(),
        )
        self.frames.write(planes, info)


class Sound:
    """A track whose samples count up."""

    def __init__(self, seconds: float) -> None:
        self.arena = Arena(4 * MIB)
        self.pcm = PcmRing(self.arena, seconds)
        self.ring = RingRef(ArenaView(self.arena.fd), "audio", self.pcm.place, self.pcm.generation)

    def say(self, count: int, arrival_ns: int = 0) -> NDArray[np.int16]:
        """Publish so many more samples; returns them."""
        samples = (np.arange(count) + self.pcm.head + 1).astype(np.int16)
        self.pcm.write(samples, 0, arrival_ns, 0)
        return samples
