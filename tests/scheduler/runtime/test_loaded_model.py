"""A batch in a lane: real rings, a model that shows what it is given."""

import cv2
import numpy as np
import pytest

from argusd.ingest.shm.frame import FrameInfo, PixelFormat
from argusd.ingest.shm.ring import FrameReader, FrameRing
from argusd.scheduler.core import whole_frame
from argusd.scheduler.planning.curve import BatchCurve
from argusd.scheduler.runtime.loaded_model import Dropped, Listen, LoadedAudioModel, LoadedVisionModel, Look

from ..fakes import (
    HEIGHT,
    WIDTH,
    ArenaWithTracks,
    FakeAudio,
    FakeEngine,
    FakeVision,
    write_frame,
    write_windows,
)

CURVE = BatchCurve(sizes=[1, 4], seconds=[0.010, 0.012])
TORN = Dropped("torn")


@pytest.fixture
def tracks() -> ArenaWithTracks:
    return ArenaWithTracks()


def test_only_the_frames_that_were_overwritten_are_lost(tracks: ArenaWithTracks) -> None:
    model, looks, rings = FakeVision(), [], []
    for brightness in (1, 2, 3):
        ring, ref = tracks.frames(slots=1)
        rings.append(ring)
        write_frame(ring, brightness, arrival=1.0)
        frame = FrameReader(ref.view, ref.row, ref.generation).newest()
        assert frame is not None
        looks.append(Look(frame, whole_frame(frame.info)))
    model.while_preparing = lambda: write_frame(rings[1], 9, arrival=2.0)
    engine = FakeEngine()
    assert LoadedVisionModel(model, engine, CURVE).look(looks).outputs == [2.0, TORN, 6.0]
    model.while_preparing = rings[0].close
    assert LoadedVisionModel(model, engine, CURVE).look(looks[:1]).outputs == [TORN]
    assert engine.batches == [3], "nothing is run when no frame is left"


def jpeg_look(tracks: ArenaWithTracks, data: bytes) -> tuple[FrameRing, Look]:
    ring = FrameRing(tracks.arena, 1, 4096)
    info = FrameInfo(WIDTH, HEIGHT, PixelFormat.JPEG, (len(data), 0, 0), len(data), arrival_ns=1)
    ring.write([np.frombuffer(data, np.uint8).reshape(1, -1)], info)
    frame = FrameReader(tracks.view, ring.row, ring.generation).newest()
    assert frame is not None
    return ring, Look(frame, whole_frame(info))


def test_a_broken_jpeg_harms_no_other_row(tracks: ArenaWithTracks) -> None:
    grey = np.full((HEIGHT, WIDTH, 3), 100, np.uint8)
    good = cv2.imencode(".jpg", grey)[1].tobytes()
    broken = good.replace(b"\xff\xdb", b"\xff\xfe")  # its quantisation tables have become comments
    (_, first), (_, second), (_, third) = (jpeg_look(tracks, data) for data in (good, broken, good))
    engine = FakeEngine()
    served = LoadedVisionModel(FakeVision(), engine, CURVE)
    assert served.look([first, second, third]).outputs == [200.0, Dropped("bad_image"), 200.0]
    assert served.look([second]).outputs == [Dropped("bad_image")]
    assert engine.batches == [2], "only what can be decoded is run"


def test_a_jpeg_that_is_gone_is_torn_not_bad(tracks: ArenaWithTracks) -> None:
    ring, look = jpeg_look(tracks, cv2.imencode(".jpg", np.zeros((HEIGHT, WIDTH, 3), np.uint8))[1].tobytes())
    ring.close()
    assert LoadedVisionModel(FakeVision(), FakeEngine(), CURVE).look([look]).outputs == [TORN]


def test_windows_of_several_arenas_share_a_batch(tracks: ArenaWithTracks) -> None:
    engine = FakeEngine()
    served = LoadedAudioModel(FakeAudio(), engine, CURVE)
    listens = []
    for value, writer in ((1, tracks), (2, ArenaWithTracks()), (3, tracks)):
        ring, ref = writer.pcm()
        write_windows(ring, [value], arrival=1.0)
        listens.append(Listen(ref, 0, served.take_slot(), True))
    assert served.listen(listens).outputs == [(1, 1), (2, 1), (3, 1)]
    assert engine.batches == [3]


def test_only_the_windows_that_are_not_there_any_more_are_lost(tracks: ArenaWithTracks) -> None:
    served = LoadedAudioModel(FakeAudio(), FakeEngine(), CURVE)
    ring, ref = tracks.pcm(seconds=0.128)  # four windows
    write_windows(ring, [1, 2, 3, 4], arrival=1.0)
    write_windows(ring, [5], arrival=1.1)
    here, gone = served.take_slot(), served.take_slot()
    outputs = served.listen(
        [
            Listen(ref, 0, gone, True),
            Listen(ref, 512, here, True),
        ]
    ).outputs
    assert outputs == [TORN, (2, 1)]


def test_a_slot_remembers_until_it_is_fresh(tracks: ArenaWithTracks) -> None:
    served = LoadedAudioModel(FakeAudio(), FakeEngine(), CURVE)
    ring, ref = tracks.pcm()
    write_windows(ring, [1, 2, 3], arrival=1.0)
    slot = served.take_slot()
    heard = [
        served.listen([Listen(ref, 512 * n, slot, fresh)]).outputs
        for n, fresh in enumerate([True, False, True])
    ]
    assert heard == [[(1, 1)], [(2, 2)], [(3, 1)]]


def test_slots_are_used_again_before_new_ones_are_made() -> None:
    served = LoadedAudioModel(FakeAudio(), FakeEngine(), CURVE)
    first, second = served.take_slot(), served.take_slot()
    served.give_back_slot(first)
    assert (first, second) == (0, 1)
    assert served.take_slot() == first
    assert served.take_slot() == 2


def test_sound_is_patient_and_vision_is_not() -> None:
    audio = LoadedAudioModel(FakeAudio(), FakeEngine(), CURVE)
    vision = LoadedVisionModel(FakeVision(), FakeEngine(), CURVE)
    audio.at_work = vision.at_work = 1
    assert (audio.state.patient, audio.state.at_work) == (True, 1)
    assert not vision.state.patient


def test_memory_that_runs_out_halves_the_batch_down_to_one() -> None:
    served = LoadedVisionModel(FakeVision(), FakeEngine(), CURVE)
    sizes = [served.max_batch]
    for _ in range(3):
        served.halve()
        sizes.append(served.max_batch)
    assert sizes == [4, 2, 1, 1]


def test_it_learns_how_much_slower_than_measured_it_runs() -> None:
    served = LoadedVisionModel(FakeVision(), FakeEngine(), CURVE)
    for _ in range(200):
        served.took(1, 0.020)
    assert served.slowdown == pytest.approx(2.0, rel=0.01)
    for _ in range(200):
        served.took(1, 0.001)  # faster than measured is luck, not capacity
    assert served.slowdown == pytest.approx(1.0, rel=0.01)
    assert np.isfinite(served.slowdown)
