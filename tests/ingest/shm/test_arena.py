"""Arenas: sealed, fully backed, found empty again when everything was given back."""

import errno
import mmap
import os
import platform
import select
from pathlib import Path

import pytest

from argusd.ingest.errors import ArenaFull, ArenaUnavailable, UnsupportedPlatform
from argusd.ingest.shm.arena import (
    DATA_START,
    GENERATION,
    HEAD,
    MAX_RINGS,
    RING_PCM,
    Arena,
    ArenaView,
    Room,
    ring_word,
)
from argusd.ingest.shm.regions import PAGE

MIB = 1 << 20


def take_ring(arena: Arena, capacity: int, nbytes: int) -> tuple[int, Room]:
    """A ring of samples: its place, and its room."""
    room = Room(arena)
    room.resize(nbytes)
    return arena.take_ring(RING_PCM, capacity, 0, room), room


def test_memory_can_neither_shrink_grow_nor_be_written_by_others() -> None:
    arena = Arena(MIB)
    for attempt in (
        lambda: os.ftruncate(arena.fd, PAGE),
        lambda: os.ftruncate(arena.fd, 8 * MIB),
        lambda: os.pwrite(arena.fd, b"x", 0),
        lambda: mmap.mmap(arena.fd, arena.nbytes),
    ):
        with pytest.raises(OSError) as refused:  # noqa: PT011 - the errno is checked
            attempt()
        assert refused.value.errno == errno.EPERM
    arena.close()


def test_a_reader_sees_rows_and_cannot_write_them() -> None:
    arena = Arena(MIB)
    view = ArenaView(arena.fd)
    row, _ = take_ring(arena, 100, 200)
    arena.words[ring_word(row) + HEAD] = 42
    assert view.table[row, HEAD] == 42
    assert view.table[row, GENERATION] == 1
    with pytest.raises(ValueError, match="read-only"):
        view.table[row, HEAD] = 0
    with pytest.raises(TypeError, match="read-only"):
        view.words[0] = 0
    arena.close()


def test_a_row_given_back_is_invalid_and_zeroed_and_its_successor_is_another_ring() -> None:
    arena = Arena(MIB)
    row, room = take_ring(arena, 2048, PAGE)
    arena.pixels[DATA_START : DATA_START + PAGE] = 0xAB
    free = arena.free_bytes
    arena.give_back_ring(row, PAGE)
    assert arena.words[ring_word(row) + GENERATION] == 0
    assert not arena.pixels[DATA_START : DATA_START + PAGE].any()
    room.close()
    assert arena.free_bytes == free + PAGE
    again, _ = take_ring(arena, 2048, PAGE)
    assert again == row
    assert arena.words[ring_word(again) + GENERATION] == 2
    arena.close()


def test_all_rows_can_be_taken_and_one_more_is_an_error() -> None:
    arena = Arena(DATA_START + (MAX_RINGS + 1) * PAGE)
    for _ in range(MAX_RINGS):
        take_ring(arena, 1, 2)
    with pytest.raises(ArenaFull, match="all 4096 rings of the arena are in use"):
        take_ring(arena, 1, 2)
    assert arena.rings == MAX_RINGS
    arena.close()


def test_an_arena_tells_how_often_rooms_of_these_sizes_fit_and_keeps_nothing_of_them() -> None:
    arena = Arena(DATA_START + 16 * PAGE)
    rooms = [Room(arena) for _ in range(3)]
    for room in rooms:
        room.reserve(4 * PAGE)
    assert [arena.fits((4 * PAGE,)), arena.fits((3 * PAGE, 1)), arena.fits((5 * PAGE,))] == [1, 1, 0]
    assert arena.fits((8 * PAGE,), released=[rooms[2]]) == 1, "it lies beside the free end"
    assert arena.fits((8 * PAGE,), released=[rooms[0]]) == 0, "there are two holes of four pages"
    assert arena.fits((PAGE,), most=3) == 3
    assert arena.free_bytes == 4 * PAGE
    arena.close()


def test_wake_reaches_every_reader_and_only_those_attached() -> None:
    arena = Arena(MIB)
    _, first = arena.attach()
    _, second = arena.attach()
    kept = os.dup(second)
    arena.detach(second)
    arena.wake()
    arena.wake()
    assert os.eventfd_read(first) == 2
    assert select.select([kept], [], [], 0)[0] == []
    os.close(kept)
    arena.close()


def test_a_reader_may_leave_while_another_thread_is_about_to_wake_it(monkeypatch: pytest.MonkeyPatch) -> None:
    arena = Arena(MIB)
    _, first = arena.attach()
    _, second = arena.attach()
    signal, reached = os.eventfd_write, []

    def leaving(eventfd: int, value: int) -> None:
        if eventfd == first:
            arena.detach(second)
        signal(eventfd, value)
        reached.append(eventfd)

    monkeypatch.setattr(os, "eventfd_write", leaving)
    arena.wake()
    assert reached == [first, second]  # and not whatever has got the number of its descriptor since
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(second)
    arena.wake()
    assert reached == [first, second, first]


def test_a_reader_that_never_reads_does_not_block_the_writer() -> None:
    arena = Arena(MIB)
    _, eventfd = arena.attach()
    os.eventfd_write(eventfd, 2**64 - 2)
    arena.wake()
    assert os.eventfd_read(eventfd) == 2**64 - 2
    arena.close()


def test_more_than_the_machine_has_is_an_error_at_start() -> None:
    told = (
        r"cannot reserve \d+ MiB of shared memory, \d+ MiB are available: lower api.arena_mib or free memory"
    )
    with pytest.raises(ArenaUnavailable, match=told):
        Arena(1 << 62, "api.arena_mib")


def test_another_architecture_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    with pytest.raises(UnsupportedPlatform, match="this machine is aarch64"):
        Arena(MIB)


@pytest.mark.parametrize("content", [b"", b"not an arena", bytes(DATA_START)])
def test_what_is_no_arena_is_refused(content: bytes) -> None:
    fd = os.memfd_create("impostor")
    os.write(fd, content or b"\0")
    with pytest.raises(ArenaUnavailable, match="not an arena"):
        ArenaView(fd)
    os.close(fd)


def test_a_closed_arena_without_rings_gives_its_memory_back_at_once() -> None:
    arena = Arena(1 << 20)
    keeps_it: list[object] = [arena]
    keeps_it.append(keeps_it)  # a cycle, as connections and callbacks make them
    inode = os.fstat(arena.fd).st_ino
    assert mapped(inode)
    arena.close()
    assert not mapped(inode)


def mapped(inode: int) -> bool:
    """Whether this process maps the file."""
    lines = Path("/proc/self/maps").read_text().splitlines()
    return any(line.split()[4] == str(inode) for line in lines if "argusd-arena" in line)
