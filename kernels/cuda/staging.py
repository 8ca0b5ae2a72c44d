"""A batch's pictures from the host's memory to the device's, in one launch."""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..pictures.picture import Picture
from .crops import pixels_at
from .device import Device, Kernel, Tensor
from .host_memory import Memory
from .structs import PIECE, PIXELS

WORD = 16  # bytes that a thread copies at a time
THREADS = 2048  # for each picture
STAGE = Kernel("stage", "stage", (256, 1, 1))


class Staged(NamedTuple):
    """Where a batch's pixels lie on the device, ``PIXELS`` ``[N]``, and what has to be kept for as long."""

    pixels: NDArray[np.void]
    kept: Tensor


def staged(device: Device, pictures: Sequence[Picture], memories: Sequence[Memory]) -> Staged:
    """Copy pictures, each of which lies in the memory given with it, planes one after the other as in a slot.

    JPEGs are to be decoded before. Nothing reads the host's memory any more when it returns: that is the time
    to ask whether a picture was overwritten meanwhile, before anything of what was copied is believed.
    """
    pixels, ends = _located(pictures)
    origins = np.array([memory.start for memory in memories], np.int64)
    firsts = (pixels["y"] - origins) // WORD * WORD
    words = -(-(ends - origins - firsts) // WORD)
    kept = device.empty((int(words.sum()) * WORD,), np.uint8)
    places = device.address(kept) + WORD * (np.cumsum(words) - words)
    with ExitStack() as holding:
        lent = {memory: holding.enter_context(memory.held()) for memory in set(memories)}
        addresses = [lent[memory] for memory in memories]
        pieces = np.zeros(len(pictures), PIECE)
        pieces["from"] = firsts + np.array([address or 0 for address in addresses], np.int64)
        pieces["to"], pieces["words"] = places, words
        refused = [at for at, address in enumerate(addresses) if address is None]
        bounce = _bounced(device, pieces, refused, memories)
        device.launch(STAGE, (THREADS, len(pieces), 1), device.array(pieces.view(np.uint8)))
        device.wait()
        del bounce
    for plane in ("y", "u", "v"):
        pixels[plane] += places - origins - firsts
    return Staged(pixels, kept)


def _located(pictures: Sequence[Picture]) -> tuple[NDArray[np.void], NDArray[np.int64]]:
    """Where pictures lie in the host's memory, ``PIXELS``, and where each one's last byte ends."""
    rows, ends = [], []
    for picture in pictures:
        addresses = [plane.__array_interface__["data"][0] for plane in picture.planes]
        strides, last = [plane.strides[0] for plane in picture.planes], picture.planes[-1]
        rows.append(pixels_at(picture, addresses, strides))
        ends.append(addresses[-1] + (len(last) - 1) * strides[-1] + last.shape[1])
    return np.array(rows, PIXELS), np.array(ends, np.int64)


def _bounced(
    device: Device, pieces: NDArray[np.void], refused: Sequence[int], memories: Sequence[Memory]
) -> NDArray[np.uint8]:
    """Copy these pieces, whose ``from`` counts from their memory's first byte, to where the device reads."""
    sizes = (pieces["words"][refused] * WORD).tolist()
    buffer, used = device.pinned(sum(sizes)), 0
    for at, nbytes in zip(refused, sizes, strict=True):
        first = pieces["from"][at]
        source = memories[at].values[first : first + nbytes]  # which may end within the last word
        buffer[used : used + len(source)] = source
        pieces["from"][at] = buffer.ctypes.data + used
        used += nbytes
    return buffer
