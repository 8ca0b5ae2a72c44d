"""Frames in a real arena, mapped read-only as a scheduler maps it."""

from typing import NamedTuple

import numpy as np

from argusd.ingest.shm.arena import Arena, ArenaView
from argusd.ingest.shm.frame import i420_info, plane_shapes
from argusd.ingest.shm.ring import FrameReader, FrameRing, FrameView
from argusd.kernels.pictures.picture import Picture
from argusd.scheduler.models.pixels import picture_of


class Filled(NamedTuple):
    """An arena, as its writer and as its reader has it, with one frame in each ring."""

    arena: Arena
    view: ArenaView
    frames: list[FrameView]

    @property
    def pictures(self) -> list[Picture]:
        """The frames for kernels."""
        return [picture_of(frame) for frame in self.frames]


def filled(count: int, width: int, height: int) -> Filled:
    """So many frames of noise, I420, none as the one before."""
    info = i420_info(width, height)
    arena = Arena((1 << 20) + count * (2 * info.nbytes + 16384))
    view = ArenaView(arena.fd)
    rng = np.random.default_rng(0)
    planes = [rng.integers(0, 256, shape, np.uint8) for shape in plane_shapes(info)]
    frames = []
    for number in range(count):
        ring = FrameRing(arena, 2, info.nbytes)
        ring.write([plane + np.uint8(number % 256) for plane in planes], info)
        frame = FrameReader(view, ring.place, ring.generation).newest()
        assert frame is not None, "it was written just now"
        frames.append(frame)
    return Filled(arena, view, frames)
