"""Rings: what was published is read whole, once, newest first, and every loss is counted."""

import os
import random
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argusd.ingest.errors import ArenaFull, FrameTooLarge, RingClosed
from argusd.ingest.shm import ring as ring_module
from argusd.ingest.shm.arena import ANCHOR_SEQ, HEAD, RESERVED, Arena, ArenaView, ring_word
from argusd.ingest.shm.frame import FrameFlag, FrameInfo, PixelFormat, i420_info
from argusd.ingest.shm.regions import PAGE
from argusd.ingest.shm.ring import (
    FrameReader,
    FrameRing,
    PcmRing,
    gather_pcm,
    read_anchor,
    read_anchors,
)

MIB = 1 << 20


def gray(width: int, height: int, value: int) -> list[np.ndarray]:
    half = ((height + 1) // 2, (width + 1) // 2)
    return [np.full(shape, value, np.uint8) for shape in ((height, width), half, half)]


class Pair:
    """A writer's ring and a reader of it."""

    def __init__(self, slots: int = 3, width: int = 8, height: int = 6) -> None:
        self.arena = Arena(4 * MIB)
        self.view = ArenaView(self.arena.fd)
        self.info = i420_info(width, height)
        self.ring = FrameRing(self.arena, slots, self.info.nbytes)
        self.reader = FrameReader(self.view, self.ring.place, self.ring.generation)

    def write(self, value: int) -> int:
        return self.ring.write(gray(self.info.width, self.info.height, value), self.info)


def test_a_frame_is_read_as_it_was_written_whatever_its_row_stride() -> None:
    pair = Pair(width=7, height=5)
    padded = np.random.default_rng(1).integers(0, 255, (5, 32), np.uint8)
    chroma = np.random.default_rng(2).integers(0, 255, (3, 16), np.uint8)
    info = FrameInfo(
        width=7,
        height=5,
        format=PixelFormat.I420,
        strides=(7, 4, 4),
        nbytes=pair.info.nbytes,
        captured_ns=1_700_000_000_000_000_001,
        arrival_ns=2,
        rtp_timestamp=(1 << 33) + 3,
        flags=FrameFlag.SUSPECT,
    )
    pair.ring.write([padded[:, :7], chroma[:, :4], chroma[:, 4:8]], info)
    frame = pair.reader.newest()
    assert frame is not None
    assert frame.info == info
    np.testing.assert_array_equal(frame.planes[0], padded[:, :7])
    np.testing.assert_array_equal(frame.planes[2], chroma[:, 4:8])
    assert frame.valid()


def test_a_jpeg_is_one_row_of_bytes() -> None:
    pair = Pair()
    info = FrameInfo(width=640, height=480, format=PixelFormat.JPEG, strides=(0, 0, 0), nbytes=11)
    pair.ring.write([np.frombuffer(b"JPEG bytes!", np.uint8).reshape(1, 11)], info)
    frame = pair.reader.newest()
    assert frame is not None
    assert frame.planes[0].tobytes() == b"JPEG bytes!"


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60))
@settings(deadline=None)
def test_read_plus_skipped_is_always_what_was_published(bursts: list[int]) -> None:
    pair, seen, published = Pair(), 0, 0
    for burst in bursts:
        for _ in range(burst):
            pair.write(published % 256)
            published += 1
        frame = pair.reader.newest()
        assert (frame is not None) == (burst > 0)
        if frame is not None:
            seen += 1
            assert frame.number == published - 1
            assert frame.planes[1].min() == frame.planes[1].max() == (published - 1) % 256
        assert seen + pair.reader.skipped == published
    pair.arena.close()


def test_a_frame_overwritten_while_in_use_is_not_valid() -> None:
    pair = Pair(slots=2)
    pair.write(1)
    frame = pair.reader.newest()
    assert frame is not None
    pair.write(2)
    assert frame.valid()  # the other slot
    pair.write(3)
    assert not frame.valid()


def test_all_that_lies_whole_in_a_ring_can_be_opened_the_newest_first() -> None:
    pair = Pair(slots=3)
    assert pair.reader.recent() == []
    pair.write(0)
    assert [frame.number for frame in pair.reader.recent()] == [0]
    for value in range(1, 5):
        pair.write(value)
    pair.arena.words[pair.ring.offset >> 3] = 2 * 6 + 1  # frame 6 is being written where frame 3 was
    frames = pair.reader.recent()
    assert [(frame.number, frame.planes[0][0, 0]) for frame in frames] == [(4, 4), (2, 2)]
    newest = pair.reader.newest()
    assert (newest and newest.number, pair.reader.skipped) == (4, 4), "nobody's place has moved"


def test_a_slot_that_is_being_written_is_not_used() -> None:
    pair = Pair()
    pair.write(1)
    slot_seq = pair.ring.offset >> 3
    pair.arena.words[slot_seq] = 2 * 3 + 1  # the writer began frame 3 in slot 0 and was killed there
    assert pair.reader.newest() is None
    assert (pair.reader.next, pair.reader.skipped) == (1, 1)


def test_a_slot_says_that_it_is_being_written_before_its_first_byte_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pair = Pair()
    pair.write(1)
    words, row = pair.arena.words, ring_word(pair.ring.place)
    copy, meanwhile = FrameRing._copy, []

    def watched(ring: FrameRing, slot: int, *frame: Any) -> None:
        meanwhile.append((words[row + RESERVED], words[row + HEAD], words[slot >> 3]))
        copy(ring, slot, *frame)

    monkeypatch.setattr(FrameRing, "_copy", watched)
    pair.write(2)
    assert meanwhile == [(2, 1, 2 * 1 + 1)]
    assert (words[row + RESERVED], words[row + HEAD]) == (2, 2)


def test_pictures_of_another_geometry_are_read_as_they_were_written() -> None:
    pair = Pair(slots=1, width=8, height=6)
    for width, height, value in ((8, 6, 1), (4, 12, 2), (8, 6, 3), (6, 6, 4)):
        pair.ring.write(gray(width, height, value), i420_info(width, height))
        frame = pair.reader.newest()
        assert frame is not None
        assert [plane.shape for plane in frame.planes] == [plane.shape for plane in gray(width, height, 0)]
        assert {int(byte) for plane in frame.planes for byte in np.unique(plane)} == {value}


def test_a_ring_gives_back_its_own_memory_and_none_of_its_neighbours() -> None:
    arena = Arena(MIB)
    view, free = ArenaView(arena.fd), arena.free_bytes
    info = i420_info(8, 6)
    first: list[FrameRing | PcmRing] = [FrameRing(arena, 3, info.nbytes), PcmRing(arena, 0.1)]
    frames, samples = FrameRing(arena, 3, info.nbytes), PcmRing(arena, 0.1)
    frames.write(gray(8, 6, 7), info)
    samples.write(np.full(1600, 7, np.int16), 0, 0, 0)
    for ring in first:
        ring.close()
    frame = FrameReader(view, frames.place, frames.generation).newest()
    assert frame is not None
    assert frame.planes[0].min() == 7
    got = gather_pcm(view, np.array([samples.place]), np.array([samples.generation]), np.array([0]), 1600)
    assert got.ok.all()
    assert got.samples.min() == 7
    for ring in (frames, samples):
        ring.close()
    assert arena.free_bytes == free


def test_a_closed_ring_yields_nothing_even_when_its_place_is_used_again() -> None:
    pair = Pair()
    pair.write(1)
    frame = pair.reader.newest()
    assert frame is not None
    pair.write(2)
    pair.ring.close()
    pair.ring.close()
    assert not frame.valid()
    assert not frame.planes[0].any()  # zeroed at the end of the session
    successor = FrameRing(pair.arena, 3, pair.info.nbytes)
    successor.write(gray(8, 6, 9), pair.info)
    assert successor.place == pair.ring.place
    assert pair.reader.newest() is None
    with pytest.raises(RingClosed):
        pair.write(3)


def test_what_does_not_fit_is_refused_and_nothing_is_published() -> None:
    pair = Pair()
    with pytest.raises(FrameTooLarge, match="a frame of 115200 bytes does not fit a slot of 72"):
        pair.ring.write(gray(320, 240, 0), i420_info(320, 240))
    assert pair.reader.newest() is None
    with pytest.raises(ArenaFull):
        FrameRing(pair.arena, 4, 4 * MIB)


@given(st.lists(st.integers(1, 700), min_size=1, max_size=40), st.integers(1, 64))
@settings(deadline=None)
def test_samples_are_gathered_in_order_across_the_seam(chunks: list[int], window: int) -> None:
    arena = Arena(MIB)
    view, ring = ArenaView(arena.fd), PcmRing(arena, 0.05)  # 800 samples
    other = PcmRing(arena, 0.07)
    stream = (np.arange(sum(chunks)) % 30_000).astype(np.int16)
    rows = np.array([ring.place, other.place])
    generations = np.array([ring.generation, other.generation], np.uint64)
    cursor = written = 0
    for chunk in chunks:
        ring.write(stream[written : written + chunk], 0, 0, 0)
        written += chunk
        cursor = max(cursor, written - ring.capacity)
        while cursor + window <= written:
            got = gather_pcm(view, rows, generations, np.array([cursor, 0]), window)
            assert got.ok.tolist() == [True, False]
            np.testing.assert_array_equal(got.samples[0], stream[cursor : cursor + window])
            cursor += window
    arena.close()


def test_samples_overwritten_or_not_yet_there_or_of_another_ring_are_not_ok() -> None:
    arena = Arena(MIB)
    view, ring = ArenaView(arena.fd), PcmRing(arena, 0.01)  # 160 samples
    ring.write(np.ones(100, np.int16), 0, 0, 0)
    ring.write(np.ones(100, np.int16), 0, 0, 0)

    def ok(cursor: int, generation: int = ring.generation) -> bool:
        got = gather_pcm(
            view, np.array([ring.place]), np.array([generation], np.uint64), np.array([cursor]), 50
        )
        return bool(got.ok[0])

    assert [ok(cursor) for cursor in (39, 40, 150, 151)] == [False, True, True, False]
    assert not ok(40, ring.generation + 1)
    arena.words[ring_word(ring.place) + RESERVED] += 1  # killed while it wrote one more sample
    assert [ok(cursor) for cursor in (40, 41)] == [False, True]
    ring.close()
    assert not ok(41)


def test_the_anchor_ties_the_first_sample_of_the_last_write_to_its_clocks() -> None:
    arena = Arena(MIB)
    ring = PcmRing(arena, 1)
    ring.write(np.zeros(320, np.int16), 11, 12, 13)
    ring.write(np.zeros(320, np.int16), 21, 22, 23)
    assert read_anchor(ArenaView(arena.fd), ring.place) == (320, 21, 22, 23)
    with pytest.raises(FrameTooLarge):
        ring.write(np.zeros(16_001, np.int16), 0, 0, 0)
    ring.close()
    with pytest.raises(RingClosed):
        ring.write(np.zeros(1, np.int16), 0, 0, 0)


def test_anchors_of_many_rings_are_read_at_once_and_a_dead_writers_half_changed_one_is_no_trap() -> None:
    arena = Arena(MIB)
    view, rings = ArenaView(arena.fd), [PcmRing(arena, 0.1) for _ in range(3)]
    for number, ring in enumerate(rings):
        ring.write(np.zeros(100, np.int16), 0, number, 0)
    arena.words[ring_word(rings[1].place) + ANCHOR_SEQ] += 1  # killed in the middle
    anchors = read_anchors(view, np.array([ring.place for ring in rings[::-1]]))
    assert anchors.arrival_ns.tolist() == [2, 1, 0]


def test_a_ring_at_the_very_end_of_the_arena_wraps_like_any_other() -> None:
    arena = Arena(1)
    view, ring = ArenaView(arena.fd), PcmRing(arena, 0.128)  # the one page of data
    assert 2 * ring.capacity == PAGE
    stream = np.arange(3000, dtype=np.int16)
    for part in np.split(stream, 3):
        ring.write(part, 0, 0, 0)
    got = gather_pcm(
        view, np.array([ring.place]), np.array([ring.generation], np.uint64), np.array([1500]), 1024
    )
    assert got.ok.all()
    np.testing.assert_array_equal(got.samples[0], stream[1500:2524])


class Census:
    """What became of the frames of all writers."""

    def __init__(self) -> None:
        self.reads = self.used = self.discarded = self.torn_but_used = self.skipped = self.published = 0


def read_until_killed(
    writer: "subprocess.Popen[bytes]", view: ArenaView, rows: list[int], census: Census
) -> None:
    """Read frames and samples until the writer was killed (at a random moment) and nothing new comes."""
    frames, generation = FrameReader(view, rows[0], 1), np.array([2], np.uint64)
    pcm_row, chunk = np.array([rows[1]]), 160
    deadline, alive = time.monotonic() + random.uniform(0.05, 0.5), True
    while True:
        frame = frames.newest()
        census.reads += 1
        if frame is not None:
            flat = np.concatenate([plane.ravel() for plane in frame.planes])
            if frame.valid():
                census.used += 1
                census.torn_but_used += int((flat != frame.number % 251).any())
            else:
                frames.lose()
                census.discarded += 1
        head = int(view.words[ring_word(rows[1]) + HEAD])
        got = gather_pcm(view, pcm_row, generation, np.array([head - chunk]), chunk)
        census.reads += 1
        if head and got.ok[0]:  # before the first chunk there is none to look at
            census.torn_but_used += int((got.samples[0] != (head // chunk - 1) % 32_749).any())
        if alive and time.monotonic() > deadline:
            writer.kill()
            writer.wait()
            alive = False
        elif not alive and frame is None:
            break
    census.skipped += frames.skipped
    census.published += int(view.words[ring_word(rows[0]) + HEAD])


def hammer(reads: int) -> Census:
    census = Census()
    while census.reads < reads:
        ours, theirs = socket.socketpair()
        writer = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("ring_writer.py")), str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        message, fds, _, _ = socket.recv_fds(ours, 64, 1)
        view = ArenaView(fds[0])
        os.close(fds[0])
        ours.close()
        read_until_killed(writer, view, [int(row) for row in message.split()], census)
    return census


@pytest.mark.parametrize(
    "reads", [20_000, pytest.param(1_000_000, marks=[pytest.mark.slow, pytest.mark.timeout(600)])]
)
def test_nothing_torn_is_used_and_every_drop_is_counted_when_the_writer_is_killed(reads: int) -> None:
    census = hammer(reads)
    assert census.reads >= reads
    assert census.used > 0
    assert census.torn_but_used == 0
    assert census.used + census.discarded + census.skipped == census.published


def test_the_check_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the seqlock the same reader does use torn frames: the test above measures something."""
    monkeypatch.setattr(ring_module.FrameReader, "holds", lambda self, seq_word, number: True)
    # How often reader and writer meet in a slot is the machine's business; that they meet is certain.
    assert any(hammer(5_000).torn_but_used for _ in range(100))
