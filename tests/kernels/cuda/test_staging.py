"""Frames of a real arena to a device: whole, or known to be torn, and never from memory that is not lent."""

import threading
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.ingest.shm.arena import Arena, ArenaView
from argusd.ingest.shm.frame import FrameInfo, PixelFormat, payload_bytes, plane_shapes
from argusd.ingest.shm.ring import FrameReader, FrameRing, FrameView
from argusd.kernels import reference
from argusd.kernels.cuda.crop import crop_pixels
from argusd.kernels.cuda.device import Device
from argusd.kernels.cuda.host_memory import HostMemory, OwnMemory
from argusd.kernels.cuda.staging import staged
from argusd.kernels.pictures.picture import Picture, Span, Square
from argusd.scheduler.models.pixels import LAYOUTS

BYTES = Span(0, 255)
SLOTS = 2
GREYS = 0.01  # of 255: the furthest from float64 that crops may be


class Track(NamedTuple):
    """A ring with one frame of noise, and its reader."""

    ring: FrameRing
    frame: FrameView

    @property
    def picture(self) -> Picture:
        info = self.frame.info
        return Picture(LAYOUTS[info.format], info.width, info.height, self.frame.planes)

    def overwrite(self) -> None:
        planes = [np.zeros_like(plane) for plane in self.frame.planes]
        for _ in range(SLOTS):
            self.ring.write(planes, self.frame.info)


class Media:
    """An arena with tracks in it, mapped as a scheduler does and lent to a device."""

    def __init__(self, device: Device) -> None:
        self._arena = Arena(1 << 20)
        self._view = ArenaView(self._arena.fd)
        self.memory = HostMemory(device, self._view.pixels)

    def track(self, pixels: PixelFormat, width: int, height: int) -> Track:
        strides = {
            PixelFormat.I420: (width, (width + 1) // 2, (width + 1) // 2),
            PixelFormat.NV12: (width, (width + 1) // 2 * 2, 0),
            PixelFormat.BGR24: (3 * width, 0, 0),
        }[pixels]
        info = FrameInfo(width, height, pixels, strides, 0)
        ring = FrameRing(self._arena, SLOTS, payload_bytes(info))
        rng = np.random.default_rng(width)
        ring.write([rng.integers(0, 256, shape, np.uint8) for shape in plane_shapes(info)], info)
        frame = FrameReader(self._view, ring.place, ring.generation).newest()
        assert frame is not None
        return Track(ring, frame)

    def pinned(self) -> bool:
        with self.memory.held() as address:
            return address is not None


def assert_crops(
    device: Device, pixels: NDArray[np.void], pictures: list[Picture], squares: list[Square]
) -> None:
    """What is cut out of these pixels are the pictures' own."""
    got = device.host(crop_pixels(device, pixels, squares, 16, BYTES))
    assert np.abs(got - reference.crop_batch(pictures, squares, 16, BYTES)).max() <= GREYS


@pytest.fixture
def media(device: Device) -> Iterator[Media]:
    media = Media(device)
    media.memory.settle()
    yield media
    media.memory.close()


def tracks_of(media: Media) -> list[Track]:
    """Odd sizes, so that planes and pictures begin anywhere."""
    return [
        media.track(PixelFormat.I420, 33, 21),
        media.track(PixelFormat.NV12, 47, 18),
        media.track(PixelFormat.BGR24, 13, 11),
        media.track(PixelFormat.I420, 64, 48),
    ]


@pytest.mark.parametrize("refused", [False, True])
def test_what_was_staged_is_what_lies_in_the_arena(
    device: Device, monkeypatch: pytest.MonkeyPatch, refused: bool
) -> None:
    if refused:
        monkeypatch.setattr(device, "pin", lambda values: None)
    media = Media(device)
    media.memory.settle()
    pictures = [track.picture for track in tracks_of(media)]
    squares = [Square(20, 10, 30, 0.2)] * len(pictures)

    pixels, kept = staged(device, pictures, [media.memory] * len(pictures))

    assert refused or media.pinned()
    in_words = sum(plane.nbytes + 32 for picture in pictures for plane in picture.planes)
    assert kept.shape[0] <= in_words
    assert_crops(device, pixels, pictures, squares)
    media.memory.close()


def test_pictures_of_several_writers_are_one_batch(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of which the device refuses to read."""
    lent = Media(device)
    lent.memory.settle()
    monkeypatch.setattr(device, "pin", lambda values: None)
    refused = Media(device)
    tracks = [media.track(PixelFormat.I420, width, 20) for width in (20, 30) for media in (lent, refused)]
    pictures, memories = [track.picture for track in tracks], [lent.memory, refused.memory] * 2
    pixels, _ = staged(device, pictures, memories)
    squares = [Square(10, 10, 20)] * 4
    assert_crops(device, pixels, pictures, squares)
    lent.memory.close()
    refused.memory.close()


def test_a_frame_that_is_overwritten_while_it_is_staged_is_known_by_it(
    device: Device, media: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    torn, intact = media.track(PixelFormat.I420, 32, 20), media.track(PixelFormat.I420, 40, 20)
    wait = device.wait
    monkeypatch.setattr(device, "wait", lambda: (torn.overwrite(), wait()))
    staged(device, [torn.picture, intact.picture], [media.memory] * 2)
    assert not torn.frame.valid()
    assert intact.frame.valid()


def test_memory_stays_lent_until_the_batch_in_flight_has_been_read(
    device: Device, media: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the writer dies: what it wrote is not unmapped before the device lets go of it."""
    done: list[str] = []
    wait, unpin = device.wait, device.unpin

    def noted(values: NDArray[np.uint8]) -> None:
        done.append("unpinned")
        unpin(values)

    monkeypatch.setattr(device, "unpin", noted)
    closing = threading.Thread(target=media.memory.close)

    def writer_dies_and_batch_is_read() -> None:
        closing.start()
        while media.pinned():  # until it is about to be unpinned, and waits for this batch alone
            pass
        wait()
        done.append("read")

    monkeypatch.setattr(device, "wait", writer_dies_and_batch_is_read)
    staged(device, [media.track(PixelFormat.I420, 32, 20).picture], [media.memory])
    closing.join()
    assert done == ["read", "unpinned"]


def test_what_is_not_lent_any_more_is_still_read(device: Device, media: Media) -> None:
    """A task may have a picture of it, whose pages stay mapped."""
    picture = media.track(PixelFormat.NV12, 32, 20).picture
    media.memory.close()
    pixels, _ = staged(device, [picture], [media.memory])
    assert_crops(device, pixels, [picture], [Square(16, 10, 32)])


def test_a_batch_that_the_device_fails_gives_the_memory_back(
    device: Device, media: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    def out_of_memory(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(device, "launch", out_of_memory)
    picture = media.track(PixelFormat.I420, 32, 20).picture
    with pytest.raises(MemoryError):
        staged(device, [picture], [media.memory])
    media.memory.close()  # would wait for ever, were it still held


def test_a_picture_may_end_with_its_memory_in_the_middle_of_a_word(device: Device) -> None:
    """As a task's does, which lies in no arena."""
    pixels = np.random.default_rng(1).integers(0, 256, 11 * 39, np.uint8)
    picture = Picture("BGR24", 13, 11, [pixels.reshape(11, 39)])
    lies, _ = staged(device, [picture], [OwnMemory(pixels)])
    assert_crops(device, lies, [picture], [Square(6, 5, 13)])


def test_nothing_to_stage_is_nothing_to_do(device: Device) -> None:
    pixels, kept = staged(device, [], [])
    assert (len(pixels), len(kept)) == (0, 0)
