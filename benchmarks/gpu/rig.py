"""What the parts are given: a device, how much to try on it, and where the models' files are."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from argusd.kernels.cuda.device import CudaDevice, Device, Tensor


class Sizes(NamedTuple):
    """How much is tried.

    ``trials``: batches of each kind that are held against an oracle. ``rows``: of a model's batch.
    ``frames``: of a batch on its way into the device; ``picture``: their width and height. ``repeats``: of
    what is timed, at most. ``sessions``: how many are tried, in this order, for ``seconds`` each.
    """

    trials: int
    rows: tuple[int, ...]
    frames: int
    picture: tuple[int, int]
    repeats: int
    sessions: tuple[int, ...]
    seconds: float


FULL = Sizes(60, (1, 64, 256), 64, (1280, 720), 20, (50, 100, 200, 400, 600, 800, 1000), 6.0)
QUICK = Sizes(10, (1, 64), 16, (1280, 720), 5, (50,), 3.0)

LONGEST_S = 2.0  # for all repeats

Copy = Callable[[Tensor, int, int], None]


class Rig(NamedTuple):
    """``device`` runs kernels and ``target`` the engines: ``cuda:N`` or ``cpu``.

    ``copy(tensor, address, nbytes)`` begins one transfer from the host to the tensor's first bytes.
    ``models``: a folder with the models' ONNX files, at any depth.
    """

    device: Device
    target: str
    copy: Copy
    models: Path
    sizes: Sizes


def gpu_rig(models: Path, sizes: Sizes) -> Rig:
    """The first GPU."""
    from cupy.cuda import get_current_stream, runtime

    def copy(tensor: Tensor, address: int, nbytes: int) -> None:
        stream = get_current_stream().ptr
        runtime.memcpyAsync(tensor.data.ptr, address, nbytes, runtime.memcpyHostToDevice, stream)

    return Rig(CudaDevice(), "cuda:0", copy, models, sizes)


def seconds(device: Device, work: Callable[[], object], repeats: int) -> float:
    """How long one call takes of several that follow each other, the device's part included."""
    work()
    once = _each(device, work, 1)
    return _each(device, work, max(1, min(repeats, int(LONGEST_S / once))))


def _each(device: Device, work: Callable[[], object], repeats: int) -> float:
    device.wait()
    begun = time.perf_counter()
    for _ in range(repeats):
        work()
    device.wait()
    return (time.perf_counter() - begun) / repeats
