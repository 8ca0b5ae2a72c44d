"""A JPEG is decoded once, for all who look at it; the decoder that is counted here is the real one."""

import threading
import weakref
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.ingest.shm.ring import FrameReader, FrameRing
from argusd.kernels.pictures.jpeg import decode_jpeg
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.core import whole_frame
from argusd.scheduler.loaded.loaded_vision import LoadedVisionModel
from argusd.scheduler.media import pictures
from argusd.scheduler.media.arena_sources import RingRef
from argusd.scheduler.media.pictures import JpegCache, JpegFrame, StillFrame, decoded

from ...waiting import LONGEST_S
from ..bench import CURVE, Bench
from ..fakes import (
    HEIGHT,
    WIDTH,
    ArenaWithTracks,
    FakeEngine,
    FakeVision,
    write_frame,
    write_jpeg,
)

NBYTES = 3 * WIDTH * HEIGHT
MANY = 9  # readers, of which some are always still to come


class Decoder:
    """The real decoder, counted; ``gate`` holds it back while it is cleared. ``made``: all it decoded."""

    def __init__(self) -> None:
        self.count = 0
        self.made: list[weakref.ref[NDArray[np.uint8]]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()

    def __call__(self, data: NDArray[np.uint8]) -> NDArray[np.uint8]:
        self.count += 1
        self.entered.set()
        assert self.gate.wait(LONGEST_S)
        decoded = decode_jpeg(data)
        self.made.append(weakref.ref(decoded))
        return decoded

    @property
    def kept(self) -> int:
        """How many of its pictures somebody has still."""
        return sum(picture() is not None for picture in self.made)


@pytest.fixture
def decoder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Decoder]:
    decoder = Decoder()
    monkeypatch.setattr(pictures, "decode_jpeg", decoder)
    yield decoder
    decoder.gate.set()


@pytest.fixture
def tracks() -> ArenaWithTracks:
    return ArenaWithTracks()


def picture(brightness: int) -> bytes:
    return cv2.imencode(".jpg", np.full((HEIGHT, WIDTH, 3), brightness, np.uint8))[1].tobytes()


def opened(cache: JpegCache, ref: RingRef, readers: int = MANY) -> JpegFrame:
    """What one more role opens: it reads the ring with a reader of its own, as others do."""
    view = FrameReader(ref.view, ref.place, ref.generation).newest()
    assert view is not None
    frame = cache.open(ref, view, readers)
    assert isinstance(frame, JpegFrame)
    return frame


def pixels(frame: JpegFrame) -> NDArray[np.uint8]:
    still = decoded(frame)
    assert isinstance(still, StillFrame)
    return still.planes[0]


def shown(tracks: ArenaWithTracks, brightness: int) -> tuple[FrameRing, RingRef]:
    ring, ref = tracks.frames()
    write_jpeg(ring, picture(brightness), arrival=1.0)
    return ring, ref


def watched_by_two_roles() -> tuple[Bench, FrameRing]:
    """A session whose frames a detector and a mesh look at."""
    bench = Bench()
    mesh = LoadedVisionModel(FakeVision(), FakeEngine(), CURVE)
    bench.scheduler.loaded.append(("face_mesh", mesh))
    bench.face.rates = {"face_detector": 4.0, "face_mesh": 4.0}
    ring, ref = bench.tracks.frames()
    bench.watch(MediaKey("alice", "face"), "face")
    bench.sessions.ring_opened(MediaKey("alice", "face"), ref)
    return bench, ring


async def test_a_frame_that_several_roles_look_at_is_decoded_once(decoder: Decoder) -> None:
    bench, ring = watched_by_two_roles()
    for n in range(6):
        write_jpeg(ring, picture(10 * n), arrival=bench.now)
        await bench.settle()
        bench.now += 0.3
    absorbed = [(role, output) for role, output, _ in bench.face.made[0].absorbed]
    assert sorted(absorbed) == [(role, 20.0 * n) for role in ("face_detector", "face_mesh") for n in range(6)]
    assert decoder.count == 6
    assert decoder.kept == 0
    bench.executor.close()


async def test_a_frame_is_not_kept_for_a_role_that_does_not_want_it(
    decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, ring = watched_by_two_roles()
    monkeypatch.setattr(
        bench.face.made[0], "roi", lambda role, info: whole_frame(info) if role == "face_detector" else None
    )
    write_jpeg(ring, picture(1), arrival=bench.now)
    await bench.settle()
    assert (decoder.count, decoder.kept) == (1, 0)
    bench.executor.close()


def test_once_every_role_has_opened_a_frame_its_batches_alone_keep_it(
    tracks: ArenaWithTracks, decoder: Decoder
) -> None:
    cache = JpegCache()
    _, ref = shown(tracks, 100)
    batches = [opened(cache, ref, readers=2), opened(cache, ref, readers=2)]
    assert pixels(batches.pop()).all()
    assert decoder.kept == 1
    assert pixels(batches.pop()).all()
    assert (decoder.count, decoder.kept) == (1, 0)


def test_of_two_threads_that_want_a_frame_one_decodes_and_the_other_waits(
    tracks: ArenaWithTracks, decoder: Decoder
) -> None:
    cache = JpegCache()
    _, ref = shown(tracks, 100)
    frames = [opened(cache, ref), opened(cache, ref)]
    found: list[NDArray[np.uint8]] = []
    threads = [
        threading.Thread(target=lambda frame=frame: found.append(pixels(frame)), daemon=True)
        for frame in frames
    ]
    decoder.gate.clear()
    threads[0].start()
    assert decoder.entered.wait(LONGEST_S)
    threads[1].start()
    decoder.gate.set()
    for thread in threads:
        thread.join(LONGEST_S)
    assert len(found) == 2
    assert found[0] is found[1]
    assert decoder.count == 1


def test_a_jpeg_that_cannot_be_decoded_is_tried_once(tracks: ArenaWithTracks, decoder: Decoder) -> None:
    cache = JpegCache()
    ring, ref = tracks.frames()
    write_jpeg(ring, b"\xff\xd8 no picture", arrival=1.0)
    assert [decoded(opened(cache, ref)) for _ in range(3)] == [None] * 3
    assert decoder.count == 1


def test_pixels_are_of_no_use_once_their_slot_is_overwritten(
    tracks: ArenaWithTracks, decoder: Decoder
) -> None:
    cache = JpegCache()
    ring, ref = tracks.frames(slots=1)
    write_jpeg(ring, picture(1), arrival=1.0)
    first = opened(cache, ref)
    pixels(first)
    write_jpeg(ring, picture(200), arrival=1.1)
    assert decoded(first) is None
    assert pixels(opened(cache, ref))[0, 0] == 200
    assert decoder.count == 2


def test_sessions_share_no_pixels(tracks: ArenaWithTracks, decoder: Decoder) -> None:
    cache, elsewhere = JpegCache(), ArenaWithTracks()
    refs = [shown(tracks, 10), shown(tracks, 20), shown(elsewhere, 30)]
    assert [pixels(opened(cache, ref))[0, 0] for _, ref in refs] == [10, 20, 30]
    ring, first = refs[0]
    ring.close()
    _, again = shown(tracks, 40)  # the same row of the arena, of another generation
    assert (again.place, again.generation) != (first.place, first.generation)
    assert pixels(opened(cache, again))[0, 0] == 40
    assert decoder.count == 4


def test_a_ring_that_closes_takes_its_pixels_with_it(tracks: ArenaWithTracks, decoder: Decoder) -> None:
    cache = JpegCache()
    _, ref = shown(tracks, 100)
    frame = opened(cache, ref)
    held = pixels(frame)
    cache.close(ref)
    assert not held.any()
    assert decoded(frame) is None
    assert decoder.count == 1


def test_past_its_bytes_the_frame_goes_that_was_opened_longest_ago(
    tracks: ArenaWithTracks, decoder: Decoder
) -> None:
    cache = JpegCache(2 * NBYTES)
    refs = [shown(tracks, n)[1] for n in range(3)]
    held = [pixels(opened(cache, ref)) for ref in refs[:2]]
    opened(cache, refs[0])
    pixels(opened(cache, refs[2]))
    assert held[1].any(), "a batch that holds it keeps it"
    for ref in (refs[0], refs[2]):
        pixels(opened(cache, ref))
    assert decoder.count == 3
    pixels(opened(cache, refs[1]))
    assert decoder.count == 4


def test_a_frame_larger_than_all_that_may_be_kept_is_decoded_all_the_same(
    tracks: ArenaWithTracks, decoder: Decoder
) -> None:
    cache = JpegCache(NBYTES - 1)
    _, ref = shown(tracks, 100)
    assert [pixels(opened(cache, ref))[0, 0] for _ in range(2)] == [100, 100]
    assert decoder.count == 2


def test_what_is_no_jpeg_is_looked_at_where_it_lies(tracks: ArenaWithTracks) -> None:
    ring, ref = tracks.frames()
    write_frame(ring, 9, arrival=1.0)
    view = FrameReader(ref.view, ref.place, ref.generation).newest()
    assert view is not None
    assert decoded(JpegCache().open(ref, view, 1)) is view
