"""A batch of windows: real rings, a model that shows what it is given."""

import numpy as np
import pytest

from argusd.scheduler.contract.media import SAMPLE_RATE
from argusd.scheduler.loaded import loaded_sound
from argusd.scheduler.loaded.loaded_model import Dropped
from argusd.scheduler.loaded.loaded_sound import ClipItem, LoadedAudioModel, WindowItem
from argusd.scheduler.media.tracks import Track
from argusd.scheduler.planning.curve import BatchCurve

from ..fakes import (
    ALICE,
    ArenaWithTracks,
    FakeAudio,
    FakeEngine,
    FakeStream,
    write_windows,
)

CURVE = BatchCurve(sizes=[1, 4], seconds=[0.010, 0.012])
TORN = Dropped("torn")


@pytest.fixture
def tracks() -> ArenaWithTracks:
    return ArenaWithTracks()


def test_windows_of_several_arenas_share_a_batch(tracks: ArenaWithTracks) -> None:
    engine = FakeEngine()
    loaded = LoadedAudioModel(FakeAudio(), engine, CURVE)
    items = []
    for value, writer in ((1, tracks), (2, ArenaWithTracks()), (3, tracks)):
        ring, ref = writer.pcm()
        write_windows(ring, [value], arrival=1.0)
        items.append(WindowItem(ref, 0, loaded.take_slot(), True))
    assert loaded.infer(items).outputs == [(1, 1), (2, 1), (3, 1)]
    assert engine.batches == [3]


def test_only_the_windows_that_are_not_there_any_more_are_lost(tracks: ArenaWithTracks) -> None:
    loaded = LoadedAudioModel(FakeAudio(), FakeEngine(), CURVE)
    ring, ref = tracks.pcm(seconds=0.128)  # four windows
    write_windows(ring, [1, 2, 3, 4], arrival=1.0)
    write_windows(ring, [5], arrival=1.1)
    here, gone = loaded.take_slot(), loaded.take_slot()
    outputs = loaded.infer(
        [
            WindowItem(ref, 0, gone, True),
            WindowItem(ref, 512, here, True),
        ]
    ).outputs
    assert outputs == [TORN, (2, 1)]


def test_a_slot_remembers_until_it_is_fresh(tracks: ArenaWithTracks) -> None:
    loaded = LoadedAudioModel(FakeAudio(), FakeEngine(), CURVE)
    ring, ref = tracks.pcm()
    write_windows(ring, [1, 2, 3], arrival=1.0)
    slot = loaded.take_slot()
    heard = [
        loaded.infer([WindowItem(ref, 512 * n, slot, fresh)]).outputs
        for n, fresh in enumerate([True, False, True])
    ]
    assert heard == [[(1, 1)], [(2, 2)], [(3, 1)]]


def test_slots_are_used_again_before_new_ones_are_made() -> None:
    loaded = LoadedAudioModel(FakeAudio(), FakeEngine(), CURVE)
    first, second = loaded.take_slot(), loaded.take_slot()
    loaded.give_back_slot(first)
    assert (first, second) == (0, 1)
    assert loaded.take_slot() == first
    assert loaded.take_slot() == 2


def test_a_task_borrows_a_slot_that_remembers_nothing() -> None:
    loaded = LoadedAudioModel(FakeAudio(), FakeEngine(), CURVE)
    mine = loaded.take_slot()
    clip = ClipItem(np.full(512, 7, np.int16))
    assert loaded.infer([clip, clip]).outputs == [(7, 1), (7, 1)]
    assert loaded.infer([clip]).outputs == [(7, 1)]
    assert mine not in {loaded.take_slot(), loaded.take_slot()}


def test_a_sequence_is_remembered_to_its_end_and_no_further() -> None:
    loaded = LoadedAudioModel(FakeAudio(), FakeEngine(), CURVE)
    samples = np.repeat(np.array([1, 2, 3], np.int16), 512)[:-1]
    assert loaded.infer_sequence(samples) == [(1, 1), (2, 2)]
    assert loaded.infer_sequence(samples) == [(1, 1), (2, 2)]


@pytest.mark.parametrize("count", [31, 33, 40])
def test_stretches_of_a_long_sound_run_side_by_side_and_hear_what_comes_before_them(
    monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(loaded_sound, "MOST_STRETCHES", 3)
    monkeypatch.setattr(loaded_sound, "STRETCH_S", 10 * 512 / SAMPLE_RATE)
    monkeypatch.setattr(loaded_sound, "LEAD_S", 2 * 512 / SAMPLE_RATE)
    engine = FakeEngine()
    loaded = LoadedAudioModel(FakeAudio(), engine, CURVE)
    heard = loaded.infer_sequence(np.repeat(np.arange(count, dtype=np.int16), 512))
    assert [value for value, _ in heard] == list(range(count))
    length = -(-count // 3)
    led = [at + 1 if place < length else at + 3 for place, at in enumerate([*range(length)] * 3)]
    assert [remembered for _, remembered in heard] == led[:count]
    assert engine.batches == [3] * (length + 2)


def test_a_window_that_is_passed_over_does_not_reset_what_the_slot_remembers(tracks: ArenaWithTracks) -> None:
    loaded = LoadedAudioModel(FakeAudio(), FakeEngine(), CURVE)
    ring, ref = tracks.pcm()
    write_windows(ring, [1, 2, 3], arrival=1.0)
    feed = loaded.open("vad", {"audio": Track(ALICE, ref)}, max_age_s=1.0)
    analyzer = FakeStream("audio", {})
    cursor = feed.follow()
    analyzer.looks = False
    assert feed.item(analyzer, cursor, 1.0) is None
    analyzer.looks = True
    fresh = []
    for _ in range(2):
        cursor = feed.cursor
        item = feed.item(analyzer, cursor, 1.0)
        assert item is not None
        fresh.append((item.cursor, item.fresh))
    assert fresh == [(512, True), (1024, False)]
    feed.forget()
    item = feed.item(analyzer, cursor, 1.0)
    assert item is not None
    assert item.fresh


def test_windows_of_several_arenas_and_a_task_have_the_moments_of_their_rings() -> None:
    loaded = LoadedAudioModel(FakeAudio(), FakeEngine(), CURVE)
    items: list[WindowItem | ClipItem] = []
    clocks = []
    for arrival in (100.0, 200.0):
        ring, ref = ArenaWithTracks().pcm()
        write_windows(ring, [1, 2], arrival=arrival)
        items.append(WindowItem(ref, 512, slot=0, fresh=False))
        clocks.append(Track(ALICE, ref).clock)
    items.insert(1, ClipItem(np.zeros(512, np.int16)))
    moments = loaded.moments(items, offset_ns=0)
    first, second = moments([0, 2], clocks, 200.5)
    assert (first.media_s, second.media_s) == pytest.approx((0.032, 0.032))
    assert (first.captured_at, second.captured_at) == pytest.approx((99.968, 199.968), abs=1e-6)
    assert (first.frame_age_ms, second.frame_age_ms) == pytest.approx((100_500.0, 500.0))
    assert moments([2], clocks[1:], 200.5) == [second]
