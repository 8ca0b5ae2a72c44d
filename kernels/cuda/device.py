"""Where kernels run: a GPU, through CuPy; in tests also a stand-in that loops over the threads."""

import threading
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .structs import DEFINES

Tensor = Any
"""An array in a device's memory; it has ``shape`` and ``dtype`` as NumPy's."""

Threads = tuple[int, int, int]

READ_ONLY = 0x08 | 0x02  # cudaHostRegisterReadOnly, cudaHostRegisterMapped

# Without fused multiply-adds the GPU's arithmetic is the one that was held against the oracles.
OPTIONS = ("-std=c++17", "--fmad=false", *DEFINES)


class Kernel(NamedTuple):
    """A ``__global__`` function of ``source``.cu, and how its threads are cut into blocks."""

    source: str
    name: str
    block: Threads


class Device(Protocol):
    """Memory, and what runs kernels on it: those of one thread in the order it launched them in.

    Each thread has a stream of its own: what it launches and waits for is not held up by what another does.
    """

    def array(self, values: Any) -> Tensor:
        """These values in its memory: copied there, or as they are where they lie there already.

        Another library's are taken over by DLPack.
        """

    def empty(self, shape: tuple[int, ...], dtype: DTypeLike) -> Tensor:
        """Room for so many values, which are anything."""

    def zeros(self, shape: tuple[int, ...], dtype: DTypeLike) -> Tensor:
        """So many zeros."""

    def host(self, tensor: Tensor) -> NDArray[Any]:
        """Its values in the host's memory, once all that this thread launched before is done."""

    def address(self, tensor: Tensor) -> int:
        """Where the first byte lies."""

    def pin(self, values: NDArray[np.uint8]) -> int | None:
        """Let kernels read whole pages of the host's memory, which may be mapped read-only, until ``unpin``.

        Where the first byte lies for them; None: the device refuses.
        """

    def unpin(self, values: NDArray[np.uint8]) -> None:
        """No kernel reads them any more."""

    def pinned(self, nbytes: int) -> NDArray[np.uint8]:
        """Memory of the host that kernels read at its own address, while it lives."""

    def wait(self) -> None:
        """Until all is done that this thread launched."""

    def launch(self, kernel: Kernel, threads: Threads, *arguments: Tensor | np.generic) -> None:
        """Run so many threads along x, y and z or a few more, unless that is none; waits for none of them."""


class CudaDevice:
    """A GPU; threads may share it.

    A thread that uses it has it as CuPy's current device from then on, and a stream of its own as the current
    one: what NumPy's functions do with its tensors in between is in order with what is launched here.

    CuPy is imported when the first is made; it compiles a source at its first launch, and keeps the result.
    """

    def __init__(self, ordinal: int = 0) -> None:
        import cupy

        self._cupy = cupy
        self._ordinal = ordinal
        # One address for the host and the device; pages that may not be written.
        self._needed = (
            cupy.cuda.runtime.cudaDevAttrCanUseHostPointerForRegisteredMem,
            cupy.cuda.runtime.cudaDevAttrHostRegisterReadOnlySupported,
        )
        self._own = threading.local()
        self._functions: dict[Kernel, Any] = {}
        self._compiling = threading.Lock()

    def array(self, values: Any) -> Tensor:
        """As ``Device`` says."""
        # ONNX Runtime's values offer NumPy's way as well, which would copy them to the host.
        lent = hasattr(values, "__dlpack__") and not isinstance(values, np.ndarray)
        return self._here.from_dlpack(values) if lent else self._here.asarray(values)

    def empty(self, shape: tuple[int, ...], dtype: DTypeLike) -> Tensor:
        """As ``Device`` says."""
        return self._here.empty(shape, dtype)

    def zeros(self, shape: tuple[int, ...], dtype: DTypeLike) -> Tensor:
        """As ``Device`` says."""
        return self._here.zeros(shape, dtype)

    def host(self, tensor: Tensor) -> NDArray[Any]:
        """As ``Device`` says."""
        return np.asarray(self._here.asnumpy(tensor))

    def address(self, tensor: Tensor) -> int:
        """As ``Device`` says."""
        return int(tensor.data.ptr)

    def pin(self, values: NDArray[np.uint8]) -> int | None:
        """As ``Device`` says; virtual machines refuse, and drivers that cannot pin what is read-only."""
        runtime, address = self._here.cuda.runtime, values.ctypes.data
        try:
            if not all(runtime.deviceGetAttribute(each, self._ordinal) for each in self._needed):
                return None
            runtime.hostRegister(address, values.nbytes, READ_ONLY)
        except runtime.CUDARuntimeError:
            return None
        return address

    def unpin(self, values: NDArray[np.uint8]) -> None:
        """As ``Device`` says."""
        self._here.cuda.runtime.hostUnregister(values.ctypes.data)

    def pinned(self, nbytes: int) -> NDArray[np.uint8]:
        """As ``Device`` says."""
        return np.frombuffer(self._here.cuda.alloc_pinned_memory(max(nbytes, 1)), np.uint8, nbytes)

    def wait(self) -> None:
        """As ``Device`` says; it sleeps meanwhile."""
        event = self._here.cuda.Event(block=True, disable_timing=True)
        event.record()
        event.synchronize()

    def launch(self, kernel: Kernel, threads: Threads, *arguments: Tensor | np.generic) -> None:
        """As ``Device`` says."""
        if 0 in threads:
            return
        function = self._function(kernel)
        function(blocks(kernel, threads), kernel.block, arguments)

    @property
    def _here(self) -> Any:
        """CuPy, with this device and the thread's own stream as its current ones."""
        if not hasattr(self._own, "stream"):
            self._cupy.cuda.Device(self._ordinal).use()
            self._own.stream = self._cupy.cuda.Stream(non_blocking=True)
            self._own.stream.use()
        return self._cupy

    def _function(self, kernel: Kernel) -> Any:
        cupy = self._here
        with self._compiling:
            if kernel not in self._functions:
                module = cupy.RawModule(code=source(kernel.source), options=OPTIONS, backend="nvrtc")
                self._functions[kernel] = module.get_function(kernel.name)
            return self._functions[kernel]


@cache
def source(name: str) -> str:
    """The text of ``name``.cu."""
    return Path(__file__).with_name(f"{name}.cu").read_text("utf-8")


def blocks(kernel: Kernel, threads: Threads) -> Threads:
    """How many blocks hold so many threads."""
    x, y, z = (-(-most // each) for most, each in zip(threads, kernel.block, strict=True))
    return x, y, z
