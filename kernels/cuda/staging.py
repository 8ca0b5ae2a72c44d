"""A batch's pictures from the host's memory to the device's, in one launch."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..pictures.picture import Picture
from .crops import pixels_at
from .device import Device, Kernel, Tensor
from .host_memory import HostMemory
from .structs import PIECE, PIXELS

WORD = 16  # bytes that a thread copies at a time
THREADS = 2048  # for each picture
STAGE = Kernel("stage", "stage", (256, 1, 1))


class Staged(NamedTuple):
    """Where a batch's pixels lie on the device, ``PIXELS`` ``[N]``, and what has to be kept for as long."""

    pixels: NDArray[np.void]
    kept: Tensor


class _Piece(NamedTuple):
    """The bytes ``[start, end)`` of a memory that hold all of a picture's planes, in whole words."""

    memory: HostMemory
    start: int
    end: int


def staged(device: Device, pictures: Sequence[Picture], memories: Sequence[HostMemory]) -> Staged:
    """Copy pictures, each of whose planes lie in the memory given with it; JPEGs are to be decoded before.

    Nothing reads the host's memory any more when it returns. That is the time to ask whether a picture was
    overwritten meanwhile, before anything of what was copied is believed.
    """
    pieces = [_piece(picture, memory) for picture, memory in zip(pictures, memories, strict=True)]
    ends = np.cumsum([0, *(piece.end - piece.start for piece in pieces)]).tolist()
    kept = device.empty((ends[-1],), np.uint8)
    places = [device.address(kept) + end for end in ends[:-1]]
    with ExitStack() as holding:
        lent = {memory: holding.enter_context(memory.held()) for memory in set(memories)}
        copies = np.zeros(len(pieces), PIECE)
        copies["from"], bounce = _sources(device, pieces, lent)
        copies["to"] = places
        copies["words"] = [(piece.end - piece.start) // WORD for piece in pieces]
        device.launch(STAGE, (THREADS, len(pieces), 1), device.array(copies.view(np.uint8)))
        device.wait()
        del bounce
    rows = [_moved(*each) for each in zip(pictures, pieces, places, strict=True)]
    return Staged(np.array(rows, PIXELS), kept)


def _piece(picture: Picture, memory: HostMemory) -> _Piece:
    starts = [plane.ctypes.data - memory.start for plane in picture.planes]
    rows = [(len(plane) - 1) * plane.strides[0] + plane.shape[1] for plane in picture.planes]
    end = max(start + nbytes for start, nbytes in zip(starts, rows, strict=True))
    return _Piece(memory, min(starts) // WORD * WORD, -(-end // WORD) * WORD)


def _sources(
    device: Device, pieces: Sequence[_Piece], lent: Mapping[HostMemory, int | None]
) -> tuple[list[int], NDArray[np.uint8]]:
    """Where the device reads each piece, and the bounce buffer with those that it has no address for."""
    missing = sum(piece.end - piece.start for piece in pieces if lent[piece.memory] is None)
    bounce, used, sources = device.pinned(missing), 0, []
    for memory, start, end in pieces:
        if (address := lent[memory]) is not None:
            sources.append(address + start)
        else:
            bounce[used : used + end - start] = memory.values[start:end]
            sources.append(bounce.ctypes.data + used)
            used += end - start
    return sources, bounce


def _moved(picture: Picture, piece: _Piece, place: int) -> tuple[int, ...]:
    shift = place - piece.memory.start - piece.start
    addresses = [plane.ctypes.data + shift for plane in picture.planes]
    return pixels_at(picture, addresses, [plane.strides[0] for plane in picture.planes])
