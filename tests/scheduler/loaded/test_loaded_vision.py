"""A batch of frames: real rings, a model that shows what it is given."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from argusd.ingest.shm.frame import FrameInfo, PixelFormat
from argusd.ingest.shm.ring import FrameReader, FrameRing
from argusd.scheduler.core import whole_frame
from argusd.scheduler.loaded.loaded_model import Dropped
from argusd.scheduler.loaded.loaded_vision import FrameItem, LoadedVisionModel
from argusd.scheduler.media.tracks import Track
from argusd.scheduler.planning.curve import BatchCurve

from ..fakes import (
    ALICE,
    HEIGHT,
    WIDTH,
    ArenaWithTracks,
    FakeEngine,
    FakeStream,
    FakeVision,
    write_frame,
)

CURVE = BatchCurve(sizes=[1, 4], seconds=[0.010, 0.012])
TORN = Dropped("torn")


@pytest.fixture
def tracks() -> ArenaWithTracks:
    return ArenaWithTracks()


def test_only_the_frames_that_were_overwritten_are_lost(tracks: ArenaWithTracks) -> None:
    model, items, rings = FakeVision(), [], []
    for brightness in (1, 2, 3):
        ring, ref = tracks.frames(slots=1)
        rings.append(ring)
        write_frame(ring, brightness, arrival=1.0)
        frame = FrameReader(ref.view, ref.place, ref.generation).newest()
        assert frame is not None
        items.append(FrameItem(frame, whole_frame(frame.info)))
    model.while_preparing = lambda: write_frame(rings[1], 9, arrival=2.0)
    engine = FakeEngine()
    assert LoadedVisionModel(model, engine, CURVE).infer(items).outputs == [2.0, TORN, 6.0]
    model.while_preparing = rings[0].close
    assert LoadedVisionModel(model, engine, CURVE).infer(items[:1]).outputs == [TORN]
    assert engine.batches == [3], "nothing is run when no frame is left"


class FakeInLight(FakeVision):
    """Output: (the fake's, its region's light)."""

    def lit(self, outputs: Sequence[float], light: Sequence[float]) -> list[tuple[float, float]]:
        return list(zip(outputs, light, strict=True))


def test_a_model_that_minds_the_light_is_told_each_regions(tracks: ArenaWithTracks) -> None:
    items = []
    for brightness in (16, 235):
        ring, ref = tracks.frames()
        write_frame(ring, brightness, arrival=1.0)
        frame = FrameReader(ref.view, ref.place, ref.generation).newest()
        assert frame is not None
        items.append(FrameItem(frame, whole_frame(frame.info)))
    done = LoadedVisionModel(FakeInLight(), FakeEngine(), CURVE).infer(items)
    assert done.outputs == [(32.0, 0.0), (470.0, 1.0)]


def jpeg_look(tracks: ArenaWithTracks, data: bytes) -> tuple[FrameRing, FrameItem]:
    ring = FrameRing(tracks.arena, 1, 4096)
    info = FrameInfo(WIDTH, HEIGHT, PixelFormat.JPEG, (len(data), 0, 0), len(data), arrival_ns=1)
    ring.write([np.frombuffer(data, np.uint8).reshape(1, -1)], info)
    frame = FrameReader(tracks.view, ring.place, ring.generation).newest()
    assert frame is not None
    return ring, FrameItem(frame, whole_frame(info))


def test_a_broken_jpeg_harms_no_other_row(tracks: ArenaWithTracks) -> None:
    grey = np.full((HEIGHT, WIDTH, 3), 100, np.uint8)
    good = cv2.imencode(".jpg", grey)[1].tobytes()
    broken = good.replace(b"\xff\xdb", b"\xff\xfe")  # its quantisation tables have become comments
    (_, first), (_, second), (_, third) = (jpeg_look(tracks, data) for data in (good, broken, good))
    engine = FakeEngine()
    loaded = LoadedVisionModel(FakeVision(), engine, CURVE)
    assert loaded.infer([first, second, third]).outputs == [200.0, Dropped("bad_image"), 200.0]
    assert loaded.infer([second]).outputs == [Dropped("bad_image")]
    assert engine.batches == [2], "only what can be decoded is run"


def test_a_jpeg_that_is_gone_is_torn_not_bad(tracks: ArenaWithTracks) -> None:
    ring, look = jpeg_look(tracks, cv2.imencode(".jpg", np.zeros((HEIGHT, WIDTH, 3), np.uint8))[1].tobytes())
    ring.close()
    assert LoadedVisionModel(FakeVision(), FakeEngine(), CURVE).infer([look]).outputs == [TORN]


def test_a_frames_moment_is_fixed_when_it_is_opened_its_age_when_its_output_comes(
    tracks: ArenaWithTracks,
) -> None:
    loaded = LoadedVisionModel(FakeVision(), FakeEngine(), CURVE)
    ring, ref = tracks.frames()
    track = Track(ALICE, ref)
    feed = loaded.open("face_detector", {"video": track}, max_age_s=10.0)
    cursor = feed.follow()
    for number in range(3):
        write_frame(ring, number, arrival=100.0 + number, rtp=90_000 * number)
    item = feed.item(FakeStream("face", {}), cursor, 102.0)
    assert isinstance(item, FrameItem)
    assert feed.cursor == 3
    moments = loaded.moments([item], offset_ns=0)
    write_frame(ring, 3, arrival=103.0, rtp=270_000)
    (at,) = moments([0], [track.clock], 102.25)
    assert at.frame_age_ms == pytest.approx(250.0)
    assert (at.skipped, at.captured_at) == (2, 102.0)


def test_a_frame_that_is_too_old_is_no_item(tracks: ArenaWithTracks) -> None:
    ring, ref = tracks.frames()
    write_frame(ring, 1, arrival=100.0)
    loaded = LoadedVisionModel(FakeVision(), FakeEngine(), CURVE)
    feed = loaded.open("face_detector", {"video": Track(ALICE, ref)}, max_age_s=1.0)
    analyzer = FakeStream("face", {})
    assert isinstance(feed.item(analyzer, feed.follow(), 101.0), FrameItem)
    assert feed.item(analyzer, feed.follow(), 101.1) == Dropped("stale")
    analyzer.looks = False
    assert feed.item(analyzer, feed.follow(), 101.0) is None


@pytest.mark.parametrize("role", ["object_detector", "face_detector"])
def test_what_finds_people_is_told_what_moved_and_no_other_role(tracks: ArenaWithTracks, role: str) -> None:
    loaded = LoadedVisionModel(FakeVision(), FakeEngine(), CURVE)
    ring, ref = tracks.frames(slots=1)
    track, box = Track(ALICE, ref), (0.0, 0.0, float(WIDTH), float(HEIGHT))
    watched, other = (loaded.open(each, {"video": track}, max_age_s=10.0) for each in (role, "face_mesh"))

    def look(second: int, torn: bool = False) -> bool:
        write_frame(ring, 90, arrival=100.0 + second, rtp=90_000 * second)
        item = watched.item(FakeStream("video", {}), 0, 100.0 + second)
        assert isinstance(item, FrameItem)
        if torn:
            write_frame(ring, 90, arrival=100.0 + second, rtp=90_000 * second)
        loaded.infer([item])
        (at,) = loaded.moments([item], 0)([0], [track.clock], 100.0 + second)
        assert at.motion is not None
        return at.motion.moves(box, [], WIDTH, HEIGHT)

    assert look(0), "of one look nobody knows"
    assert look(1, torn=True), "what was overwritten tells nothing"
    assert not look(2)
    watched.forget()
    assert look(3)
    item = other.item(FakeStream("face", {}), 0, 103.0)
    assert isinstance(item, FrameItem)
    assert item.motion is None
