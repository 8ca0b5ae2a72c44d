"""A batch's frames in a device's memory: from arenas that it may read, or by way of a bounce buffer."""

import logging
import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from argusd.ingest.shm.arena import ArenaView
from argusd.kernels.cuda.device import CudaDevice, Device
from argusd.kernels.cuda.host_memory import HostMemory, Memory, OwnMemory
from argusd.kernels.cuda.staging import staged
from argusd.kernels.pictures.picture import Picture

from ..contract.names import cuda_index
from ..core import Frame
from ..engines.targets import Target
from ..models.pixels import StagedFrame, picture_of

log = logging.getLogger(__name__)


class Stager:
    """Knows which arenas the device reads. Any thread may stage; arenas come and go on the event loop."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self._memories: dict[ArenaView, HostMemory] = {}

    def mapped(self, view: ArenaView) -> None:
        """Lend the device an arena. Pinning takes a thread half a second a GiB; until then frames bounce."""
        self._memories[view] = HostMemory(self.device, view.pixels)

    def unmapped(self, view: ArenaView) -> threading.Thread:
        """Its writer is gone: take it back, in a thread, once no batch that is being staged reads it."""
        memory = self._memories.pop(view)
        unpinning = threading.Thread(target=memory.close, name="unpin-memory", daemon=True)
        unpinning.start()
        return unpinning

    def settle(self) -> None:
        """Wait until every arena that is lent now is pinned, or refused."""
        for memory in tuple(self._memories.values()):
            memory.settle()

    def stage(self, frames: Sequence[Frame]) -> list[Frame]:
        """These frames, decoded ones, on the device; what happens to them in the host's memory harms no more.

        Whether they were whole until now is theirs to say, by ``valid()``.
        """
        pictures = [picture_of(frame) for frame in frames]
        memories = [self._memory_of(picture) for picture in pictures]
        batch = staged(self.device, pictures, memories)
        places = zip(frames, range(len(frames)), strict=True)
        return [
            StagedFrame(frame, self.device, batch.pixels[at : at + 1], batch.kept) for frame, at in places
        ]

    def _memory_of(self, picture: Picture) -> Memory:
        first = picture.planes[0].ctypes.data
        for memory in tuple(self._memories.values()):
            if memory.start <= first < memory.start + len(memory.values):
                return memory
        return OwnMemory(_together(picture))


def _together(picture: Picture) -> NDArray[np.uint8]:
    """All bytes of a picture whose planes lie one after the other in this process' own memory."""
    base = picture.planes[0]
    while isinstance(base.base, np.ndarray):
        base = base.base
    return base.reshape(-1).view(np.uint8)


def stager_for(target: Target) -> Stager | None:
    """Where the graphs run on a GPU; None: crops are cut on the CPU."""
    index = cuda_index(target.device)
    if index is None:
        return None
    try:
        return Stager(CudaDevice(index))
    except ImportError:
        log.warning("CuPy is not installed (the extra 'gpu'): crops are cut on the CPU")
        return None
