"""Memory that another process writes, lent to a device for as long as it is mapped here.

::

    HostMemory ─ a thread ─▶ pinned ─ close() ─▶ unpinned, once no batch holds it ─▶ may be unmapped
                     └─ refused: never pinned; what is needed of it goes through a bounce buffer
"""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .device import Device


class Memory(Protocol):
    """Bytes of the host, u8 ``[N]``, from the address ``start`` on."""

    values: NDArray[np.uint8]
    start: int

    def held(self) -> AbstractContextManager[int | None]:
        """Keep them there meanwhile; gives the device's address of the first, None: there is none."""


class OwnMemory:
    """Memory of this process that is not lent: what the device needs of it goes through a bounce buffer."""

    def __init__(self, values: NDArray[np.uint8]) -> None:
        self.values = values
        self.start: int = values.ctypes.data

    def held(self) -> AbstractContextManager[None]:
        """It has no address on the device."""
        return nullcontext()


class HostMemory:
    """Whole pages, u8 ``[N]``, which stay mapped for as long as this lives; nothing here writes to them.

    A GiB takes half a second to pin: until a thread has done so, and where the device refuses, the device has
    no address for it.
    """

    def __init__(self, device: Device, values: NDArray[np.uint8]) -> None:
        self.values = values
        self.start: int = values.ctypes.data
        self._device = device
        self._changed = threading.Condition()
        self._address: int | None = None
        self._holders = 0
        self._pinning = threading.Thread(target=self._pin, name="pin-memory", daemon=True)
        self._pinning.start()

    @contextmanager
    def held(self) -> Iterator[int | None]:
        """Keep it pinned meanwhile; gives the device's address of its first byte, None: there is none."""
        with self._changed:
            address = self._address
            self._holders += 1
        try:
            yield address
        finally:
            with self._changed:
                self._holders -= 1
                self._changed.notify_all()

    def settle(self) -> None:
        """Wait until it is pinned, or refused."""
        self._pinning.join()

    def close(self) -> None:
        """Have the device forget it, once no batch holds it any more; who holds it later has no address."""
        self.settle()
        with self._changed:
            address, self._address = self._address, None
            self._changed.wait_for(lambda: not self._holders)
        if address is not None:
            self._device.unpin(self.values)

    def _pin(self) -> None:
        address = self._device.pin(self.values)
        with self._changed:
            self._address = address
