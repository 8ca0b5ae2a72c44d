"""One block of shared memory per writer process, and the rings' places in it.

An arena is a sealed memfd: it has no name to guess, leak or unlink, its size is fixed, and its pages
are allocated when it is made, so a full machine is an error at start and never a SIGBUS later.
Readers get the file descriptor over a unix socket and map it read-only::

    page 0        arena header   u64 words: MAGIC, layout version, bytes, writer's pid
    page 1..      ring table     MAX_RINGS places of 16 u64 words, see the column names below
    then          ring data      whole pages, first fit

All rings' counters stand side by side in the table, so a reader sees what is new in a thousand rings
with one gather (``view.table[places, HEAD]``).

A place is handed out in the order data, geometry, GENERATION, and taken back in the order GENERATION = 0,
data zeroed, place freed. A reader that knows a ring by (place, generation) and finds the generation
unchanged *after* it copied has therefore never seen a byte of another ring. x86-64 keeps the order of
stores and of loads; nothing else is relied on.
"""

import contextlib
import fcntl
import mmap
import os
import platform
import threading
import weakref
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import ArenaFull, ArenaUnavailable, UnsupportedPlatform
from .memory import available_bytes
from .regions import PAGE, RegionAllocator

MAGIC = 0x41524755_53440001
LAYOUT_VERSION = 1
MAX_RINGS = 4096
RING_WORDS = 16
DATA_START = PAGE + MAX_RINGS * RING_WORDS * 8

# Columns of the ring table.
GENERATION = 0  # 0 = free place; else unique in this arena, never used twice
KIND = 1  # RING_FRAMES or RING_PCM
OFFSET = 2  # byte of the ring's data in the arena
CAPACITY = 3  # slots, or samples
SLOT_BYTES = 4  # bytes from slot to slot, header included; 0 for PCM
RESERVED = 5  # frames or samples begun; always >= HEAD
HEAD = 6  # frames or samples published since the ring was made
ANCHOR_SEQ = 8  # seqlock of the four words below (PCM): odd while they change
ANCHOR_SAMPLE = 9  # a sample number, and what is known of that sample:
ANCHOR_CAPTURED = 10  # sender's wall clock in ns, 0 = no sender report yet
ANCHOR_ARRIVAL = 11  # CLOCK_MONOTONIC in ns
ANCHOR_RTP = 12  # extended RTP timestamp, 48 kHz

RING_FRAMES = 1
RING_PCM = 2

F_SEAL_FUTURE_WRITE = 0x10  # absent from Python 3.11's fcntl


class Waker:
    """A reader's eventfd, closed when no thread refers to it that may just be signalling it."""

    def __init__(self) -> None:
        self.fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        weakref.finalize(self, os.close, self.fd)


class Room:
    """A part of the arena for one ring at a time: what is reserved of it stays, whatever else needs room.

    A ring that needs more grows it, where there is more, and a smaller one shrinks it again, never below what
    was reserved. No ring may be open while it changes.
    """

    def __init__(self, arena: "Arena") -> None:
        self._arena = arena
        self._reserved = 0
        self.start = self.nbytes = 0

    def reserve(self, nbytes: int) -> None:
        """Have at least so many bytes from now on, until ``close``.

        Raises:
            ArenaFull: there is no room for them.
        """
        self.resize(nbytes)
        self._reserved = self.nbytes

    def resize(self, nbytes: int) -> None:
        """Have room for a ring of so many bytes.

        Raises:
            ArenaFull: there is none; the room is as it was.
        """
        wanted = max(self._reserved, -(-nbytes // PAGE) * PAGE)
        if wanted != self.nbytes:
            self.start = self._arena.move(self, wanted)
            self.nbytes = wanted

    def close(self) -> None:
        """Give everything back."""
        self._reserved = 0
        self.resize(0)


class Arena:
    """The writer's side: owns the memory, hands out places in the ring table, wakes readers.

    Rows are taken and given back under a lock, because a decoder thread re-allocates its ring when the
    picture's geometry changes. ``setting``: what says how large it is, for sentences.
    """

    def __init__(self, nbytes: int, setting: str = "arena_mib") -> None:
        self.nbytes = max(-(-nbytes // PAGE) * PAGE, DATA_START + PAGE)
        self.fd = _create_sealed_memfd(self.nbytes, setting)
        self._map = mmap.mmap(self.fd, self.nbytes)
        _seal_against_new_writers(self.fd)
        self.bytes = memoryview(self._map)
        self.words = self.bytes.cast("Q")
        self.pixels: NDArray[np.uint8] = np.frombuffer(self._map, np.uint8)
        self._allocator = RegionAllocator(DATA_START, self.nbytes)
        self._free_places = list(range(MAX_RINGS - 1, -1, -1))
        self._rooms = 0
        self._generation = 0
        self._lock = threading.Lock()
        self._wakers: tuple[Waker, ...] = ()
        self.words[0], self.words[1], self.words[2], self.words[3] = (
            MAGIC,
            LAYOUT_VERSION,
            self.nbytes,
            os.getpid(),
        )

    @property
    def rings(self) -> int:
        """Rows in use."""
        return MAX_RINGS - len(self._free_places)

    @property
    def capacity(self) -> int:
        """Bytes that all rings may hold together."""
        return self.nbytes - DATA_START

    @property
    def free_bytes(self) -> int:
        """Bytes that no ring holds."""
        return self._allocator.free_bytes

    def fits(self, sizes: Sequence[int], released: Iterable[Room] = (), most: int = MAX_RINGS) -> int:
        """How often rooms of all these sizes could be reserved, up to ``most``, were others closed first."""
        with self._lock:
            others = [(room.start, room.nbytes) for room in released]
            places = (MAX_RINGS - self._rooms + len(others)) // len(sizes)
            return self._allocator.fits(sizes, others, min(most, places))

    def move(self, room: Room, nbytes: int) -> int:
        """Where the room lies when it has ``nbytes``, 0 for none; for ``Room`` alone.

        Raises:
            ArenaFull: the table or the memory is used up.
        """
        with self._lock:
            rooms = self._rooms + bool(nbytes) - bool(room.nbytes)
            if rooms > MAX_RINGS:
                raise ArenaFull(f"all {MAX_RINGS} rings of the arena are in use")
            start = self._allocator.move(room.start, room.nbytes, nbytes)
            self._rooms = rooms
            return start

    def take_ring(self, kind: int, capacity: int, slot_bytes: int, room: Room) -> int:
        """Take a place in the table for a ring whose zeroed data fill the room.

        A ring has a place wherever it has room: there are no more rooms than places.
        """
        with self._lock:
            offset = room.start
            place = self._free_places.pop()
            self._generation += 1
            at = ring_word(place)
            for column in range(RING_WORDS):
                self.words[at + column] = 0
            self.words[at + KIND] = kind
            self.words[at + OFFSET] = offset
            self.words[at + CAPACITY] = capacity
            self.words[at + SLOT_BYTES] = slot_bytes
            self.words[at + GENERATION] = self._generation
            return place

    def give_back_ring(self, place: int, nbytes: int) -> None:
        """Invalidate a ring for its readers, zero its data, free its place (in this order).

        Its room may hold another ring then.
        """
        at = ring_word(place)
        offset = self.words[at + OFFSET]
        self.words[at + GENERATION] = 0
        self.pixels[offset : offset + nbytes] = 0
        with self._lock:
            self._free_places.append(place)

    def attach(self) -> tuple[int, int]:
        """Make a wake-up for one more reader; returns (memfd, eventfd) to send it."""
        waker = Waker()
        self._wakers = (*self._wakers, waker)
        return self.fd, waker.fd

    def detach(self, eventfd: int) -> None:
        """Forget a reader's wake-up."""
        self._wakers = tuple(waker for waker in self._wakers if waker.fd != eventfd)

    def wake(self) -> None:
        """Tell every reader that something was published. Never blocks."""
        for waker in self._wakers:
            try:
                os.eventfd_write(waker.fd, 1)
            except BlockingIOError:  # the counter is full: the reader has a wake-up waiting already
                continue

    def close(self) -> None:
        """Let go of the file descriptors and, if no ring is left, of the memory: it lives while it is mapped.

        Who closed it may lie in a cycle of references, and then nothing else would unmap it for long.
        """
        self._wakers = ()
        os.close(self.fd)
        if not self.rings:
            self.words.release()
            self.bytes.release()
            self.pixels = np.zeros(0, np.uint8)
            with contextlib.suppress(BufferError):  # a view of it is in use, and keeps it
                self._map.close()


class ArenaView:
    """A reader's side: the whole arena mapped read-only.

    ``table`` is the ring table as u64 ``[MAX_RINGS, RING_WORDS]``, ``pixels`` all bytes as u8,
    ``samples`` all bytes as i16; none of them can be written through.
    """

    def __init__(self, memfd: int) -> None:
        nbytes = os.fstat(memfd).st_size
        if nbytes < DATA_START or nbytes % PAGE:
            raise ArenaUnavailable("the file handed over is not an arena")
        self._map = mmap.mmap(memfd, nbytes, prot=mmap.PROT_READ)
        self.bytes = memoryview(self._map)
        self.words = self.bytes.cast("Q")
        if self.words[0] != MAGIC or self.words[2] != nbytes:
            raise ArenaUnavailable("the file handed over is not an arena")
        if self.words[1] != LAYOUT_VERSION:
            raise ArenaUnavailable(f"arena layout {self.words[1]} is not {LAYOUT_VERSION}: versions differ")
        self.pixels: NDArray[np.uint8] = np.frombuffer(self._map, np.uint8)
        self.samples: NDArray[np.int16] = self.pixels.view(np.int16)
        table = self.pixels[PAGE:DATA_START].view(np.uint64)
        self.table: NDArray[np.uint64] = table.reshape(MAX_RINGS, RING_WORDS)
        self._windows: dict[int, NDArray[np.int16]] = {}

    def windows(self, count: int) -> NDArray[np.int16]:
        """All runs of so many ``samples``, i16 ``[beginnings, count]``; made once for each count."""
        if count not in self._windows:
            self._windows[count] = np.lib.stride_tricks.sliding_window_view(self.samples, count)
        return self._windows[count]


def ring_word(place: int) -> int:
    """Where a ring's first word lies among the arena's u64 words."""
    return PAGE // 8 + place * RING_WORDS


def _create_sealed_memfd(nbytes: int, setting: str) -> int:
    if platform.machine() not in ("x86_64", "AMD64"):
        raise UnsupportedPlatform(f"rings need x86-64 store order; this machine is {platform.machine()}")
    # posix_fallocate alone would let the kernel kill a process where memory runs out: memfds have no quota.
    available = available_bytes()
    if nbytes > available:
        raise ArenaUnavailable(
            f"cannot reserve {nbytes >> 20} MiB of shared memory, {available >> 20} MiB are available: "
            f"lower {setting} or free memory"
        )
    fd = os.memfd_create("argusd-arena", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.posix_fallocate(fd, 0, nbytes)
    except OSError as error:
        os.close(fd)
        raise ArenaUnavailable(
            f"cannot reserve {nbytes >> 20} MiB of shared memory ({error.strerror}): "
            f"lower {setting} or free memory"
        ) from error
    return fd


def _seal_against_new_writers(fd: int) -> None:
    # After this the map that exists still writes; any later one, and write(2), are refused.
    fcntl.fcntl(
        fd,
        fcntl.F_ADD_SEALS,
        fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | F_SEAL_FUTURE_WRITE | fcntl.F_SEAL_SEAL,
    )
