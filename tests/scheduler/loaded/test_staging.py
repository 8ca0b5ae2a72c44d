"""Frames on a device: kernels' own lines, built by g++, over arenas that another side writes."""

import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.benchmarks.gpu.pixels import cropped
from argusd.ingest.shm.arena import Arena, ArenaView
from argusd.ingest.shm.frame import i420_info, plane_shapes
from argusd.ingest.shm.ring import FrameReader, FrameRing
from argusd.kernels.cuda.device import Kernel, Threads
from argusd.kernels.pictures.picture import Span, Square
from argusd.scheduler.core import Feeds, Frame, Roi, whole_frame
from argusd.scheduler.engines.targets import CPU, Target
from argusd.scheduler.errors import DeviceLost, InferenceFailed, OutOfMemory
from argusd.scheduler.loaded.isolation import isolated
from argusd.scheduler.loaded.loaded_model import TORN, Dropped
from argusd.scheduler.loaded.loaded_vision import FrameItem, LoadedVisionModel
from argusd.scheduler.loaded.staging import Stager, stager_for
from argusd.scheduler.media.pictures import StillFrame
from argusd.scheduler.models.catalog import MODELS
from argusd.scheduler.models.faces import blazeface
from argusd.scheduler.models.on_device import decode_on
from argusd.scheduler.models.pixels import crop, picture_of
from argusd.scheduler.models.registry import Graph
from argusd.scheduler.planning.curve import UNMEASURED
from argusd.scheduler.zoo.store import ZooStore

from ...kernels.cuda.host_device import HostDevice
from ...waiting import LONGEST_S

SIZE, WIDTH, HEIGHT = 24, 64, 48
RNG = np.random.default_rng(3)
UNIT = Span(0, 1)


class FaultyDevice(HostDevice):
    """Does what a test says when it copies, ``copied``, and launches, ``launched``; keeps what is pinned."""

    def __init__(self, library: Path) -> None:
        super().__init__(library)
        self.copied: Any = lambda: None
        self.launched: Any = lambda kernel: None
        self.pins: list[int] = []
        self.bounced = 0

    def wait(self) -> None:
        self.copied()

    def launch(self, kernel: Kernel, threads: Threads, *arguments: Any) -> None:
        self.launched(kernel)
        super().launch(kernel, threads, *arguments)

    def pin(self, values: NDArray[np.uint8]) -> int | None:
        self.pins.append(values.ctypes.data)
        return super().pin(values)

    def unpin(self, values: NDArray[np.uint8]) -> None:
        self.pins.remove(values.ctypes.data)

    def pinned(self, nbytes: int) -> NDArray[np.uint8]:
        self.bounced += nbytes
        return super().pinned(nbytes)


class Sums:
    """A model that tells the sum of what it saw."""

    role, name = "face_detector", "sums"

    def example(self, batch: int) -> Feeds:
        return {"x": np.zeros((batch, SIZE, SIZE, 3), np.float32)}

    def prepare(self, frames: Sequence[Frame], rois: Sequence[Roi]) -> Feeds:
        return {"x": crop(frames, rois, SIZE, UNIT)}

    def decode(self, tensors: Sequence[NDArray[Any]], rois: Sequence[Roi]) -> list[Any]:
        return list(tensors[0])


class Summing:
    """Its engine."""

    def run(self, feeds: Feeds) -> list[NDArray[Any]]:
        return [feeds["x"].sum(axis=(1, 2, 3))]


@pytest.fixture
def device(kernels_library: Path) -> FaultyDevice:
    return FaultyDevice(kernels_library)


class Lent:
    """An arena with a ring of two slots, mapped by a reader who lends it to the device."""

    def __init__(self, device: FaultyDevice) -> None:
        self.arena = Arena(1 << 22)
        self.info = i420_info(WIDTH, HEIGHT)
        self.ring = FrameRing(self.arena, 2, self.info.nbytes)
        self.view = ArenaView(self.arena.fd)
        self.reader = FrameReader(self.view, self.ring.place, self.ring.generation)
        self.stager = Stager(device)
        self.stager.mapped(self.view)
        self.loaded = LoadedVisionModel(Sums(), Summing(), UNMEASURED, self.stager)

    def write(self) -> None:
        """The camera's next picture."""
        planes = [RNG.integers(0, 256, shape, np.uint8) for shape in plane_shapes(self.info)]
        self.ring.write(planes, self.info)

    def goes_on(self) -> None:
        """So that every slot is overwritten."""
        self.write()
        self.write()

    def item(self) -> FrameItem:
        self.write()
        frame = self.reader.newest()
        assert frame is not None
        return FrameItem(frame, whole_frame(frame.info))


@pytest.fixture
def lent(device: FaultyDevice) -> Lent:
    return Lent(device)


def test_frames_of_a_lent_arena_are_read_where_they_lie(lent: Lent, device: FaultyDevice) -> None:
    lent.stager.settle()
    item = lent.item()
    [found] = lent.loaded.infer([item]).outputs
    square = Square(*whole_frame(item.frame.info))
    assert found == cropped(device, [picture_of(item.frame)], [square], SIZE, UNIT).sum(axis=(1, 2, 3))[0]
    assert device.pins == [lent.view.pixels.ctypes.data]
    assert device.bounced == 0


def test_pictures_of_this_process_go_by_way_of_a_bounce_buffer(lent: Lent, device: FaultyDevice) -> None:
    still = StillFrame(RNG.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8))
    items = [FrameItem(still, whole_frame(still.info)), lent.item()]
    together = lent.loaded.infer(items).outputs
    assert together == [lent.loaded.infer([item]).outputs[0] for item in items]
    assert device.bounced >= still.info.nbytes


def test_a_frame_that_is_overwritten_while_it_is_copied_is_torn_and_no_other(
    lent: Lent, device: FaultyDevice
) -> None:
    still = StillFrame(np.full((HEIGHT, WIDTH, 3), 255, np.uint8))
    item = lent.item()
    device.copied = lent.goes_on
    torn, white = lent.loaded.infer([item, FrameItem(still, whole_frame(still.info))]).outputs
    assert torn == TORN
    assert white > 0


def test_what_is_overwritten_after_it_was_copied_is_seen_as_it_was(lent: Lent, device: FaultyDevice) -> None:
    item = lent.item()
    [before] = lent.loaded.infer([item]).outputs
    engine = Summing()

    class Late:
        """An engine during whose run the camera goes on."""

        def run(self, feeds: Feeds) -> list[NDArray[Any]]:
            lent.goes_on()
            return engine.run(feeds)

    late = LoadedVisionModel(Sums(), Late(), UNMEASURED, lent.stager)
    assert late.infer([item]).outputs == [before]


def test_an_arena_is_taken_back_once_no_batch_that_is_copied_reads_it(
    lent: Lent, device: FaultyDevice
) -> None:
    lent.stager.settle()
    copying, go_on = threading.Event(), threading.Event()

    def copied() -> None:
        copying.set()
        assert go_on.wait(LONGEST_S)

    device.copied = copied
    item, outputs = lent.item(), list[Any]()
    batch = threading.Thread(target=lambda: outputs.extend(lent.loaded.infer([item]).outputs))
    batch.start()
    assert copying.wait(LONGEST_S)
    taking_back = lent.stager.unmapped(lent.view)  # its writer died
    assert device.pins, "the batch still reads it"
    go_on.set()
    batch.join(LONGEST_S)
    taking_back.join(LONGEST_S)
    assert device.pins == []
    assert not isinstance(outputs[0], Dropped)


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (MemoryError("Out of memory allocating 4,096 bytes"), OutOfMemory),
        (RuntimeError("cudaErrorIllegalAddress: an illegal memory access was encountered"), DeviceLost),
    ],
)
@pytest.mark.parametrize("kernel", ["stage", "crop_f32"])
def test_what_the_device_raises_is_its_fault_and_no_items(
    lent: Lent, device: FaultyDevice, raised: Exception, kind: type[InferenceFailed], kernel: str
) -> None:
    def launched(started: Kernel) -> None:
        if started.name == kernel:
            raise raised

    device.launched = launched
    with pytest.raises(kind):
        isolated(lent.loaded, [lent.item()])


@pytest.mark.parametrize("library", ["torch", "onnxruntime"])
def test_crops_are_cut_on_the_gpu_where_graphs_run_there_and_cupy_is_installed(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stager_for(Target(library, "cpu")) is None
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert stager_for(Target(library, "cuda:1")) is None
    monkeypatch.setitem(sys.modules, "cupy", MagicMock())
    assert stager_for(Target(library, "cuda:1")) is not None


@pytest.mark.weights
@pytest.mark.parametrize("library", ["torch", "onnxruntime"])
@pytest.mark.parametrize("name", ["blazeface_full_range", "centernet", "facemesh_attention"])
def test_real_models_find_the_same_on_either_way(
    name: str, library: str, store: ZooStore, device: FaultyDevice
) -> None:
    """BlazeFace and CenterNet are decoded on the device, FaceMesh on the host."""
    entry, file = MODELS[name], store.read(name)
    assert isinstance(entry, Graph)
    portrait = cv2.imread(str(store.file("astronaut", "astronaut.png")))
    assert portrait is not None
    frame = StillFrame(portrait.astype(np.uint8))
    items = [FrameItem(frame, whole_frame(frame.info)), FrameItem(frame, Roi(220.0, 120.0, 300.0))]
    model: Any = entry.make(name)
    on_host = LoadedVisionModel(model, CPU.load(file.content, file.name), UNMEASURED)
    engine = Target(library, "cpu").load(file.content, file.name, device)
    staged = LoadedVisionModel(model, engine, UNMEASURED, Stager(device))
    found, wanted = staged.infer(items).outputs, on_host.infer(items).outputs
    for ours, theirs in zip(found, wanted, strict=True):
        assert_alike(ours, theirs)


def assert_alike(ours: Any, theirs: Any) -> None:
    """Within a pixel and a hundredth: the two ways' crops differ by some grey levels."""
    if isinstance(theirs, list):
        assert len(ours) == len(theirs) > 0
        for own, other in zip(ours, theirs, strict=True):
            assert own.box == pytest.approx(other.box, abs=1.5)
            assert own.score == pytest.approx(other.score, abs=0.02)
    else:
        np.testing.assert_allclose(ours.points[:, :2], theirs.points[:, :2], atol=1.5)


def test_a_row_with_more_than_the_device_holds_is_decoded_on_the_host(device: FaultyDevice) -> None:
    shape = blazeface.FULL_RANGE
    model = blazeface.BlazeFace("blazeface_full_range", shape)
    anchors = len(model._anchors)
    numbers = np.zeros((2, anchors, 16), np.float32)
    numbers[:, :, 2:4] = 0.5  # so small that none overlaps another one
    logits = np.full((2, anchors, 1), 3, np.float32)
    logits[1, 5:] = -9
    rois = [Roi(0.5, 0.5, 1.0)] * 2
    found, wanted = decode_on(model, device, [numbers, logits], rois), model.decode([numbers, logits], rois)
    assert [len(row) for row in found] == [len(row) for row in wanted] == [anchors, 5]
    assert [face.box for face in found[0]] == [face.box for face in wanted[0]]
