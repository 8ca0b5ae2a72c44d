"""Two batches on one device, whose streams do what is launched when their threads wait for it."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import DTypeLike, NDArray
from onnx import TensorProto, helper

from argusd.ingest.shm.arena import Arena, ArenaView
from argusd.ingest.shm.frame import i420_info, plane_shapes
from argusd.ingest.shm.ring import FrameReader, FrameRing
from argusd.kernels.cuda.device import Kernel, Threads
from argusd.scheduler.core import whole_frame
from argusd.scheduler.engines.limits import IN_FLIGHT
from argusd.scheduler.engines.onnx_binding import BoundOnnxEngine
from argusd.scheduler.errors import OutOfMemory
from argusd.scheduler.loaded.isolation import isolated
from argusd.scheduler.loaded.loaded_model import TORN
from argusd.scheduler.loaded.loaded_vision import FrameItem, LoadedVisionModel
from argusd.scheduler.loaded.staging import Stager
from argusd.scheduler.planning.curve import UNMEASURED

from ...kernels.cuda.host_device import HostDevice
from ...waiting import LONGEST_S
from ..graphs import of_one_node
from .test_staging import SIZE, Sums


class Stream(threading.local):
    """What a thread launched and has not waited for; ``waits`` is called when it does, before it is done."""

    def __init__(self) -> None:
        self.launched: list[Callable[[], None]] = []
        self.waits: Callable[[], None] = lambda: None
        self.launches: Callable[[str], None] = lambda name: None


class Streams(HostDevice):
    """A device that does nothing before it is waited for, and then what that thread launched alone."""

    def __init__(self, library: Path) -> None:
        super().__init__(library)
        self.stream = Stream()
        self.pins: list[int] = []
        self._memory: list[NDArray[Any]] = []

    def empty(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Kept for ever; CuPy's pool keeps it until the stream has done what was launched before."""
        self._memory.append(super().empty(shape, dtype))
        return self._memory[-1]

    def launch(self, kernel: Kernel, threads: Threads, *arguments: NDArray[Any] | np.generic) -> None:
        self.stream.launches(kernel.name)
        launch = super().launch
        self.stream.launched.append(lambda: launch(kernel, threads, *arguments))

    def wait(self) -> None:
        self.stream.waits()
        for launch in self.stream.launched:
            launch()
        self.stream.launched.clear()

    def pin(self, values: NDArray[np.uint8]) -> int | None:
        self.pins.append(values.ctypes.data)
        return super().pin(values)

    def unpin(self, values: NDArray[np.uint8]) -> None:
        self.pins.remove(values.ctypes.data)


def summing() -> bytes:
    """A graph that adds up each picture."""
    axes = helper.make_tensor("axes", TensorProto.INT64, [3], [1, 2, 3])
    shapes = (["B", SIZE, SIZE, 3], ["B"])
    return of_one_node("ReduceSum", "x", "axes", shapes=shapes, constants=[axes], keepdims=0)


class Cameras:
    """Rings of one arena, lent to a device, and a model that tells how bright their newest pictures are."""

    def __init__(self, device: Streams) -> None:
        self._arena, self._info = Arena(1 << 22), i420_info(64, 48)
        self.view = ArenaView(self._arena.fd)
        self.stager = Stager(device)
        self.stager.mapped(self.view)
        self.stager.settle()
        engine = BoundOnnxEngine(summing(), "summing.onnx", "cpu", device)
        self.loaded = LoadedVisionModel(Sums(), engine, UNMEASURED, self.stager)

    def ring(self) -> FrameRing:
        return FrameRing(self._arena, 2, self._info.nbytes)

    def write(self, ring: FrameRing, grey: int) -> None:
        ring.write([np.full(shape, grey, np.uint8) for shape in plane_shapes(self._info)], self._info)

    def item(self, ring: FrameRing, grey: int) -> FrameItem:
        self.write(ring, grey)
        frame = FrameReader(self.view, ring.place, ring.generation).newest()
        assert frame is not None
        return FrameItem(frame, whole_frame(frame.info))


@pytest.fixture
def device(kernels_library: Path) -> Streams:
    return Streams(kernels_library)


@pytest.fixture
def cameras(device: Streams) -> Cameras:
    return Cameras(device)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(IN_FLIGHT) as threads:
        yield threads


class Held:
    """A batch whose staging the device begins, and ends when it is told to."""

    def __init__(
        self, threads: ThreadPoolExecutor, device: Streams, cameras: Cameras, item: FrameItem
    ) -> None:
        self.staging, self.go_on = threading.Event(), threading.Event()

        def waits() -> None:
            self.staging.set()
            assert self.go_on.wait(LONGEST_S)

        def batch() -> list[Any]:
            device.stream.waits = waits
            try:
                return isolated(cameras.loaded, [item]).outputs
            finally:
                device.stream.waits = lambda: None

        self.outputs: Future[list[Any]] = threads.submit(batch)
        assert self.staging.wait(LONGEST_S)

    def ends(self) -> list[Any]:
        self.go_on.set()
        return self.outputs.result(10)


def test_a_batch_is_staged_run_and_told_while_another_one_is_being_staged(
    cameras: Cameras, device: Streams, threads: ThreadPoolExecutor
) -> None:
    dark, bright = cameras.item(cameras.ring(), 40), cameras.item(cameras.ring(), 200)
    alone = [cameras.loaded.infer([item]).outputs for item in (dark, bright)]
    held = Held(threads, device, cameras, dark)
    assert threads.submit(cameras.loaded.infer, [bright]).result(10).outputs == alone[1]
    assert held.ends() == alone[0]
    assert alone[0] < alone[1]


def test_a_frame_of_one_batch_that_is_overwritten_is_torn_in_that_one_alone(
    cameras: Cameras, device: Streams, threads: ThreadPoolExecutor
) -> None:
    ring, other = cameras.ring(), cameras.item(cameras.ring(), 200)
    held = Held(threads, device, cameras, cameras.item(ring, 40))
    for grey in (90, 91):
        cameras.write(ring, grey)
    assert threads.submit(cameras.loaded.infer, [other]).result(10).outputs[0] > 0
    assert held.ends() == [TORN]


def test_a_batch_that_the_device_fails_takes_no_other_with_it(
    cameras: Cameras, device: Streams, threads: ThreadPoolExecutor
) -> None:
    item = cameras.item(cameras.ring(), 40)
    alone = cameras.loaded.infer([item]).outputs
    held = Held(threads, device, cameras, item)

    def batch() -> None:
        def launches(name: str) -> None:
            if name == "crop_f32":
                raise MemoryError("Out of memory allocating 4,096 bytes")

        device.stream.launches = launches
        isolated(cameras.loaded, [item])

    with pytest.raises(OutOfMemory):
        threads.submit(batch).result(10)
    assert held.ends() == alone


def test_an_arena_is_taken_back_once_neither_batch_reads_it(
    cameras: Cameras, device: Streams, threads: ThreadPoolExecutor
) -> None:
    item = cameras.item(cameras.ring(), 40)
    alone = cameras.loaded.infer([item]).outputs
    first, second = (Held(threads, device, cameras, item) for _ in range(2))
    taking_back = cameras.stager.unmapped(cameras.view)  # its writer died
    assert first.ends() == alone
    taking_back.join(0.1)
    assert device.pins, "the second batch still reads it"
    assert second.ends() == alone
    taking_back.join(LONGEST_S)
    assert device.pins == []
