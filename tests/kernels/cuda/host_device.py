"""A ``kernels.cuda.device.Device`` without a GPU: the kernels' own lines, built by g++."""

import ctypes
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from argusd.kernels.cuda import device
from argusd.kernels.cuda.device import OPTIONS, Kernel, Threads, blocks

HERE = Path(__file__).parent
SANITIZED = "ARGUSD_SANITIZED_KERNELS"
"""Set where the process has the sanitizers' library loaded: kernels are built to be watched by it."""
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")


class HostDevice:
    """Its memory is the process'."""

    def __init__(self, library: Path) -> None:
        self._library = ctypes.CDLL(str(library))

    def array(self, values: Any) -> NDArray[Any]:
        return np.asarray(values)

    def zeros(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        return np.zeros(shape, dtype)

    def empty(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """What nobody may rely on: for floats not a number."""
        garbage = np.full(np.empty(shape, dtype).nbytes, 0xFF, np.uint8)
        return garbage.view(dtype).reshape(shape)

    def host(self, tensor: NDArray[Any]) -> NDArray[Any]:
        return tensor

    def address(self, tensor: NDArray[Any]) -> int:
        return tensor.ctypes.data

    def pin(self, values: NDArray[np.uint8]) -> int | None:
        return self.address(values)

    def unpin(self, values: NDArray[np.uint8]) -> None:
        pass

    def pinned(self, nbytes: int) -> NDArray[np.uint8]:
        return self.empty((nbytes,), np.uint8)

    def wait(self) -> None:
        """What was launched is done already."""

    def launch(self, kernel: Kernel, threads: Threads, *arguments: NDArray[Any] | np.generic) -> None:
        values = [
            np.asarray(each.ctypes.data if isinstance(each, np.ndarray) else each) for each in arguments
        ]
        places = (ctypes.c_void_p * len(values))(*(value.ctypes.data for value in values))
        grid = (ctypes.c_uint * 3)(*blocks(kernel, threads))
        getattr(self._library, f"launch_{kernel.name}")(grid, (ctypes.c_uint * 3)(*kernel.block), places)


def built(folder: Path) -> Path:
    """The kernels as a library of the host."""
    library = folder / "kernels.so"
    sanitizers = SANITIZERS if SANITIZED in os.environ else ()
    subprocess.run(
        [
            "g++",
            *(
                "-O1",
                "-g",
                "-shared",
                "-fPIC",
                "-ffp-contract=off",
                "-Wall",
                "-Wextra",
                "-Wno-unknown-pragmas",
                "-Werror",
            ),
            *(option for option in OPTIONS if not option.startswith("--")),
            *sanitizers,
            f"-I{Path(device.__file__).parent}",
            str(HERE / "host.cpp"),
            *("-o", str(library)),
        ],
        check=True,
    )
    return library
