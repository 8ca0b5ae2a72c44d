"""Rings made when the geometry is known, replaced when it changes, gone when the session is."""

import contextlib

import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.ingest.errors import ArenaFull, RingClosed
from argusd.ingest.shm.arena import CAPACITY, DATA_START, Arena, ring_word
from argusd.ingest.shm.frame import i420_info, plane_shapes
from argusd.ingest.shm.regions import PAGE
from argusd.ingest.shm.sink import FrameSink, PcmSink, Ring


def planes(width: int, height: int, value: int = 9) -> list[NDArray[np.uint8]]:
    return [np.full(shape, value, np.uint8) for shape in plane_shapes(i420_info(width, height))]


def test_a_ring_is_announced_before_its_first_frame_and_again_when_the_size_changes() -> None:
    arena, opened = Arena(1 << 20), list[Ring]()
    sink = FrameSink(arena, 2, opened.append)
    for width, height in ((64, 48), (64, 48), (48, 64), (64, 48)):
        sink.write(planes(width, height), i420_info(width, height))
    assert len(opened) == 3
    assert len({ring.generation for ring in opened}) == 3
    assert arena.rings == 1
    sink.close()
    assert arena.rings == 0


def test_after_a_restart_nothing_of_the_old_ring_is_left_and_another_one_begins() -> None:
    arena, opened = Arena(1 << 20), list[Ring]()
    sink = FrameSink(arena, 2, opened.append)
    sink.write(planes(64, 48), i420_info(64, 48))
    sink.restart()
    assert (arena.rings, sink.size) == (0, None)
    assert not arena.pixels[DATA_START:].any()
    sink.write(planes(64, 48), i420_info(64, 48))
    assert len(opened) == 2


def test_without_room_the_frame_is_refused_and_the_next_one_tries_again() -> None:
    arena, opened = Arena(DATA_START + 16 * PAGE), list[Ring]()
    sink = FrameSink(arena, 2, opened.append)
    with pytest.raises(ArenaFull):
        sink.write(planes(640, 480), i420_info(640, 480))
    sink.write(planes(64, 48), i420_info(64, 48))
    assert len(opened) == 1


@pytest.mark.parametrize(("room", "slots"), [(4.2, 4), (3.5, 3), (2.1, 2)])
def test_a_ring_has_fewer_slots_where_there_is_no_room_for_all(room: float, slots: int) -> None:
    slot = i420_info(640, 480).nbytes + 4 * PAGE
    arena, opened = Arena(DATA_START + int(room * slot)), list[Ring]()
    sink = FrameSink(arena, 4, opened.append)
    sink.write(planes(640, 480), i420_info(640, 480))
    [ring] = opened
    assert arena.words[ring_word(ring.place) + CAPACITY] == slots
    sink.write(planes(64, 48), i420_info(64, 48))
    assert arena.words[ring_word(opened[-1].place) + CAPACITY] == 4


def test_one_slot_is_none() -> None:
    arena, opened = Arena(DATA_START + int(1.9 * i420_info(640, 480).nbytes)), list[Ring]()
    sink = FrameSink(arena, 4, opened.append)
    with pytest.raises(ArenaFull):
        sink.write(planes(640, 480), i420_info(640, 480))
    assert opened == []


def test_a_closed_sink_leaves_zeros_and_takes_nothing() -> None:
    arena, opened = Arena(1 << 20), list[Ring]()
    sink = FrameSink(arena, 2, opened.append)
    sink.write(planes(64, 48, value=77), i420_info(64, 48))
    assert (arena.pixels[DATA_START:] == 77).any()
    sink.close()
    assert not arena.pixels[DATA_START:].any()
    with pytest.raises(RingClosed):
        sink.write(planes(64, 48), i420_info(64, 48))
    assert len(opened) == 1


def test_samples_get_their_ring_with_the_first_write() -> None:
    arena, opened = Arena(1 << 20), list[Ring]()
    sink = PcmSink(arena, 2.0, opened.append)
    assert arena.rings == 0
    for _ in range(2):
        sink.write(np.ones(320, np.int16), 0, 1, 2)
    assert (len(opened), arena.rings) == (1, 1)
    sink.close()
    assert arena.rings == 0
    with pytest.raises(RingClosed):
        sink.write(np.ones(320, np.int16), 0, 1, 2)


def test_reserved_room_is_there_whatever_others_need() -> None:
    arena, opened = Arena(DATA_START + 64 * PAGE), list[Ring]()
    sink, other = FrameSink(arena, 4, opened.append), FrameSink(arena, 4, opened.append)
    sink.reserve(16 * PAGE)
    with pytest.raises(ArenaFull):
        other.reserve(49 * PAGE)
    other.reserve(40 * PAGE)
    assert arena.free_bytes == 8 * PAGE
    other.write(planes(200, 200), i420_info(200, 200))
    for size in (64, 100, 64, 200):  # it grows as far as there is more, shrinks, and finds its own again
        with contextlib.suppress(ArenaFull):
            sink.write(planes(size, size), i420_info(size, size))
    assert [arena.words[ring_word(ring.place) + CAPACITY] for ring in opened] == [3, 4, 4, 4]
    sink.close()
    other.close()
    assert (arena.rings, arena.free_bytes) == (0, 64 * PAGE)
    assert not arena.pixels[DATA_START:].any()


def test_who_finds_no_room_for_more_keeps_what_is_reserved() -> None:
    arena, opened = Arena(DATA_START + 32 * PAGE), list[Ring]()
    sink, greedy = FrameSink(arena, 2, opened.append), FrameSink(arena, 2, opened.append)
    sink.reserve(8 * PAGE)
    greedy.reserve(24 * PAGE)
    for _ in range(2):
        with pytest.raises(ArenaFull):
            sink.write(planes(200, 200), i420_info(200, 200))
        sink.write(planes(64, 64), i420_info(64, 64))
    assert len(opened) == 2
