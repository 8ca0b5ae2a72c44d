"""Frames from an arena's memory into the device's, in every way there is: GB/s of each.

The arena is a sealed memfd, mapped read-only. A device that refuses to pin it has the ways through the bounce
buffer alone, and that is said.
"""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from argusd.ingest.shm.ring import FrameView
from argusd.kernels.cuda.crop import crop_pixels
from argusd.kernels.cuda.crops import pixels_at
from argusd.kernels.cuda.device import Device
from argusd.kernels.cuda.host_memory import HostMemory
from argusd.kernels.cuda.staging import Staged, staged
from argusd.kernels.cuda.structs import PIXELS
from argusd.kernels.pictures.picture import Picture, Span, Square

from ..harness import Metric, Table
from .arenas import filled
from .parts import Found
from .rig import Rig, seconds

UNIT = Span(0, 1)
SIDES = (192, 512)  # of the detectors' inputs
GIGA = 1e9


class Lent(NamedTuple):
    """Frames and the memory that they lie in, for as long as the device keeps it pinned."""

    memory: HostMemory
    frames: list[FrameView]
    pictures: list[Picture]

    def staged(self, device: Device) -> Staged:
        """All frames on the device."""
        return staged(device, self.pictures, [self.memory] * len(self.pictures))


def run(rig: Rig) -> Iterator[Found]:
    """Pinned, then what is left when it is not: ``close`` has the memory forgotten by the device."""
    arena = filled(rig.sizes.frames, *rig.sizes.picture)
    begun = time.perf_counter()
    memory = HostMemory(rig.device, arena.view.pixels)
    memory.settle()
    took = time.perf_counter() - begun
    lent = Lent(memory, arena.frames, arena.pictures)
    try:
        with memory.held() as address:
            pinned = address is not None
        if pinned:
            yield Found(notes=[f"an arena of {len(memory.values) >> 20} MiB was pinned in {took:.2f} s"])
            yield Found(rig.sizes.frames, ways(rig, lent))
            yield cropped(rig, lent)
        else:
            yield Found(notes=["the device refuses to pin what is mapped read-only: the bounce buffer alone"])
        yield intact(rig, lent)
    finally:
        memory.close()
    yield Found(rig.sizes.frames, bounced(rig, lent))
    yield intact(rig, lent)


def ways(rig: Rig, lent: Lent) -> dict[str, Metric]:
    """From pinned memory: one launch for all frames, a copy a frame, one copy."""
    device, memory = rig.device, lent.memory
    addresses = [frame.planes[0].ctypes.data for frame in lent.frames]
    sizes = [frame.info.nbytes for frame in lent.frames]
    tensors = [device.empty((nbytes,), np.uint8) for nbytes in sizes]
    whole = device.empty((len(memory.values),), np.uint8)

    def copies() -> None:
        for tensor, address, nbytes in zip(tensors, addresses, sizes, strict=True):
            rig.copy(tensor, address, nbytes)

    def copied_at_once() -> None:
        rig.copy(whole, memory.start, len(memory.values))

    width, height = rig.sizes.picture
    about = f"{len(sizes)} frames of {width} x {height} from pinned memory"
    return {
        "staged_gb_s": Metric(
            rate(rig, lambda: lent.staged(device), sum(sizes)), "GB/s", f"{about}, one launch, waited for"
        ),
        "copies_gb_s": Metric(rate(rig, copies, sum(sizes)), "GB/s", "the same, a copy a frame"),
        "one_copy_gb_s": Metric(
            rate(rig, copied_at_once, len(memory.values)), "GB/s", "all of the arena in one copy"
        ),
    }


def bounced(rig: Rig, lent: Lent) -> dict[str, Metric]:
    """Through a pinned buffer: the copy to it, and all of it."""
    total = sum(frame.info.nbytes for frame in lent.frames)
    buffer = rig.device.pinned(total)

    def copied() -> None:
        np.copyto(buffer, lent.memory.values[-total:])

    staging = rate(rig, lambda: lent.staged(rig.device), total)
    return {
        "bounced_gb_s": Metric(staging, "GB/s", "the same frames through the bounce buffer, one launch"),
        "bounce_copy_gb_s": Metric(rate(rig, copied, total), "GB/s", "of that, copying to the buffer"),
    }


def rate(rig: Rig, work: Callable[[], object], nbytes: int) -> float:
    """GB/s."""
    return nbytes / seconds(rig.device, work, rig.sizes.repeats) / GIGA


def cropped(rig: Rig, lent: Lent) -> Found:
    """Crops of staged frames, and of the same where they lie in the host's memory."""
    pictures, copied = lent.pictures, lent.staged(rig.device)
    there = [[plane.ctypes.data for plane in each.planes] for each in pictures]
    mapped = np.array(
        [
            pixels_at(each, addresses, [plane.strides[0] for plane in each.planes])
            for each, addresses in zip(pictures, there, strict=True)
        ],
        PIXELS,
    )
    width, height = rig.sizes.picture
    squares = [Square(width / 2, height / 2, float(max(width, height)))] * len(pictures)

    def ms(pixels: NDArray[np.void], side: int) -> float:
        work = partial(crop_pixels, rig.device, pixels, squares, side, UNIT)
        return 1e3 * seconds(rig.device, work, rig.sizes.repeats)

    rows: list[list[str | float]] = [
        [str(side), str(len(pictures)), ms(copied.pixels, side), ms(mapped, side)] for side in SIDES
    ]
    return Found(tables=[Table("crops", ["side", "rows", "staged ms", "in host memory ms"], rows)])


def intact(rig: Rig, lent: Lent) -> Found:
    """What was staged is what lies in the arena: each frame's bytes, as the device has them."""
    pictures, copied = lent.pictures, lent.staged(rig.device)
    wrong = sum(
        not np.array_equal(
            frame_of(rig, copied, at), np.concatenate([plane.ravel() for plane in each.planes])
        )
        for at, each in enumerate(pictures)
    )
    return Found(
        len(pictures),
        failures=[f"{wrong} of {len(pictures)} frames are others on the device"] if wrong else [],
    )


def frame_of(rig: Rig, copied: Staged, at: int) -> NDArray[np.uint8]:
    """A staged frame's bytes: its planes lie one after the other, without gaps."""
    first = int(copied.pixels["y"][at]) - rig.device.address(copied.kept)
    width, height = rig.sizes.picture
    return np.asarray(rig.device.host(copied.kept[first : first + width * height * 3 // 2]))
