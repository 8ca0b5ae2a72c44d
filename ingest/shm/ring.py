"""Rings in an arena: one writer each, any number of readers, the oldest is overwritten.

FrameRing: frame ``n`` lies in slot ``n % slots``. Its slot's ``seq`` word is ``2n + 1`` while the frame is
written and ``2n + 2`` once it is whole: one number tells which frame lies there and if it can be used::

    writer   RESERVED = n+1 · seq = 2n+1 · header, pixels · seq = 2n+2 · HEAD = n+1
    reader   n = HEAD-1 · seq == 2n+2? · use header and pixels · seq == 2n+2 and generation unchanged?

PcmRing: sample ``i`` lies at ``i % capacity``. ``RESERVED`` moves before the samples are written and ``HEAD``
after, so samples ``[a, b)`` were whole while they were copied if ``b <= HEAD`` before the copy and
``a >= RESERVED - capacity`` after it.

A writer that dies half-way leaves an odd ``seq`` or ``RESERVED > HEAD``: what it was writing is never used.
"""

import threading
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from argusd.scheduler.contract.media import SAMPLE_RATE

from ..errors import FrameTooLarge, RingClosed
from .arena import (
    ANCHOR_ARRIVAL,
    ANCHOR_CAPTURED,
    ANCHOR_RTP,
    ANCHOR_SAMPLE,
    ANCHOR_SEQ,
    CAPACITY,
    GENERATION,
    HEAD,
    OFFSET,
    RESERVED,
    RING_FRAMES,
    RING_PCM,
    SLOT_BYTES,
    Arena,
    ArenaView,
    Room,
    ring_word,
)
from .frame import (
    INFO_OFFSET,
    SLOT_HEADER_BYTES,
    FrameInfo,
    pack_info,
    payload_bytes,
    plane_shapes,
    unpack_info,
)

CACHE_LINE = 64
ANCHOR_READS = 20  # a change takes its writer a few microseconds


def slot_bytes(frame_bytes: int) -> int:
    """What a slot of so much payload takes."""
    return -(-(SLOT_HEADER_BYTES + frame_bytes) // CACHE_LINE) * CACHE_LINE


def frame_ring_bytes(slots: int, frame_bytes: int) -> int:
    """What a ring of frames takes."""
    return slots * slot_bytes(frame_bytes)


def pcm_ring_bytes(seconds: float) -> int:
    """What a ring of samples takes."""
    return 2 * int(seconds * SAMPLE_RATE)


class FrameRing:
    """Writer of one video track's frames, in the track's ``room`` if it has one.

    Raises:
        ArenaFull: the room cannot become so large.
    """

    def __init__(self, arena: Arena, slots: int, frame_bytes: int, room: Room | None = None) -> None:
        self.frame_bytes = frame_bytes
        self.slots = slots
        self.slot_bytes = slot_bytes(frame_bytes)
        self._arena = arena
        self._room = room or Room(arena)
        self._room.resize(frame_ring_bytes(slots, frame_bytes))
        self.place = arena.take_ring(RING_FRAMES, slots, self.slot_bytes, self._room)
        self._ring_word = ring_word(self.place)
        self.generation = arena.words[self._ring_word + GENERATION]
        self.offset = arena.words[self._ring_word + OFFSET]
        self._next = 0
        self._closed = False
        self._lock = threading.Lock()
        self._geometry: tuple[int, ...] = ()
        self._places: dict[int, list[NDArray[np.uint8]]] = {}

    def write(self, planes: Sequence[NDArray[np.uint8]], info: FrameInfo) -> int:
        """Copy a frame into the next slot, publish it, wake the readers; returns its number.

        ``planes`` are u8 ``[rows, bytes per row]`` with any row stride, of the shapes that
        ``plane_shapes(info)`` tells.

        Raises:
            FrameTooLarge: the payload does not fit the slot.
            RingClosed: the ring was given back.
        """
        if info.nbytes > self.frame_bytes:
            raise FrameTooLarge(f"a frame of {info.nbytes} bytes does not fit a slot of {self.frame_bytes}")
        with self._lock:
            if self._closed:
                raise RingClosed("the frame ring was given back")
            words, number = self._arena.words, self._next
            slot = self.offset + number % self.slots * self.slot_bytes
            words[self._ring_word + RESERVED] = number + 1
            words[slot >> 3] = 2 * number + 1
            self._copy(slot, planes, info)
            words[slot >> 3] = 2 * number + 2
            words[self._ring_word + HEAD] = self._next = number + 1
        self._arena.wake()
        return number

    def _copy(self, slot: int, planes: Sequence[NDArray[np.uint8]], info: FrameInfo) -> None:
        header = pack_info(info)
        self._arena.bytes[slot + INFO_OFFSET : slot + INFO_OFFSET + len(header)] = header
        for place, plane in zip(self._planes(slot, info), planes, strict=True):
            np.copyto(place, plane)

    def _planes(self, slot: int, info: FrameInfo) -> list[NDArray[np.uint8]]:
        """Where the planes lie in a slot, found once: most frames have the geometry of the one before."""
        geometry = (info.format, info.width, info.height, info.nbytes)
        if geometry != self._geometry:
            self._geometry, self._places = geometry, {}
        if slot not in self._places:
            self._places[slot] = planes_at(self._arena.pixels, slot, info)
        return self._places[slot]

    def close(self) -> None:
        """Give the memory back, zeroed. Later writes raise RingClosed."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._places = {}
                self._arena.give_back_ring(self.place, self.slots * self.slot_bytes)
                self._room.resize(0)


def planes_at(pixels: NDArray[np.uint8], slot: int, info: FrameInfo) -> list[NDArray[np.uint8]]:
    """Views of the planes in the slot at this byte of an arena."""
    planes, at = [], slot + SLOT_HEADER_BYTES
    for rows, row_bytes in plane_shapes(info):
        planes.append(pixels[at : at + rows * row_bytes].reshape(rows, row_bytes))
        at += rows * row_bytes
    return planes


class FrameView:
    """A frame where it lies. Use the pixels, then ask ``valid()``; only then trust what came of them."""

    __slots__ = ("_reader", "_slot", "info", "number")

    def __init__(self, reader: "FrameReader", number: int, slot: int, info: FrameInfo) -> None:
        self.number = number
        self.info = info
        self._reader = reader
        self._slot = slot

    @property
    def planes(self) -> list[NDArray[np.uint8]]:
        """U8 ``[rows, bytes per row]`` views of shared memory, see ``plane_shapes``."""
        return self._reader.planes(self._slot, self.info)

    def valid(self) -> bool:
        """Whether nothing of the frame was overwritten since it was opened."""
        return self._reader.holds(self._slot >> 3, self.number)


class FrameReader:
    """One reader's place in one FrameRing: newest first, what was skipped or torn is counted."""

    __slots__ = (
        "_offset",
        "_ring_word",
        "_slot_bytes",
        "_slots",
        "_view",
        "generation",
        "next",
        "skipped",
        "torn",
    )

    def __init__(self, view: ArenaView, place: int, generation: int) -> None:
        self._view = view
        self._ring_word = ring_word(place)
        self.generation = generation
        self._offset = view.words[self._ring_word + OFFSET]
        self._slots = view.words[self._ring_word + CAPACITY]
        self._slot_bytes = view.words[self._ring_word + SLOT_BYTES]
        self.next = 0
        self.skipped = 0
        self.torn = 0

    def newest(self) -> FrameView | None:
        """Open the newest whole frame not yet seen, or None. Counts what was passed over.

        Frames between the last one opened and this one add to ``skipped``; call ``lose()`` if the frame
        turned out invalid after use.
        """
        words = self._view.words
        while True:
            head = words[self._ring_word + HEAD]
            if words[self._ring_word + GENERATION] != self.generation or head <= self.next:
                return None
            number = head - 1
            frame = self._open(number)
            if frame is not None:
                self.skipped += number - self.next
                self.next = number + 1
                return frame
            if words[self._ring_word + HEAD] == head:
                # The writer is already filling this slot again (or died in it): nothing newer is whole yet.
                self.skipped += number + 1 - self.next
                self.next = number + 1
                return None

    def recent(self) -> list[FrameView]:
        """Open all whole frames that lie in the ring, the newest first; nothing is counted by it."""
        head = self._view.words[self._ring_word + HEAD]
        frames = (self._open(number) for number in reversed(range(max(0, head - self._slots), head)))
        return [frame for frame in frames if frame is not None]

    def lose(self) -> None:
        """Count a frame that was overwritten while it was used."""
        self.torn += 1

    def _open(self, number: int) -> FrameView | None:
        slot = self._offset + number % self._slots * self._slot_bytes
        if not self.holds(slot >> 3, number):
            return None
        try:
            info = unpack_info(self._view.bytes, slot)
        except ValueError:
            return None
        # The geometry must be known to be this frame's, and to lie in its slot, before views are cut by it:
        # the writer may be overwriting it, or be in a stranger's hands.
        fits = payload_bytes(info) <= self._slot_bytes - SLOT_HEADER_BYTES
        return FrameView(self, number, slot, info) if fits and self.holds(slot >> 3, number) else None

    def holds(self, seq_word: int, number: int) -> bool:
        """Whether frame ``number`` lies whole in the slot whose ``seq`` is this word of the arena."""
        words = self._view.words
        return bool(
            words[seq_word] == 2 * number + 2 and words[self._ring_word + GENERATION] == self.generation
        )

    def planes(self, slot: int, info: FrameInfo) -> list[NDArray[np.uint8]]:
        """Views of the planes in the slot at this byte of the arena."""
        return planes_at(self._view.pixels, slot, info)


class PcmAnchor(NamedTuple):
    """Ties a sample number to clocks; the others follow at 16 kHz."""

    sample: int
    captured_ns: int
    arrival_ns: int
    rtp_timestamp: int


class PcmRing:
    """Writer of one audio track's samples, 16 kHz mono s16, in the track's ``room`` if it has one.

    Raises:
        ArenaFull: the room cannot become so large.
    """

    def __init__(self, arena: Arena, seconds: float, room: Room | None = None) -> None:
        self.capacity = int(seconds * SAMPLE_RATE)
        self._arena = arena
        self._room = room or Room(arena)
        self._room.resize(pcm_ring_bytes(seconds))
        self.place = arena.take_ring(RING_PCM, self.capacity, 0, self._room)
        self._ring_word = ring_word(self.place)
        self.generation = arena.words[self._ring_word + GENERATION]
        offset = arena.words[self._ring_word + OFFSET]
        self._samples = arena.pixels[offset : offset + 2 * self.capacity].view(np.int16)
        self.head = 0
        self._closed = False
        self._lock = threading.Lock()

    def write(self, samples: NDArray[np.int16], captured_ns: int, arrival_ns: int, rtp_timestamp: int) -> int:
        """Append samples (at most ``capacity``), publish them, wake the readers; returns the first's number.

        The three clocks are those of the first sample (see ``PcmAnchor``).

        Raises:
            FrameTooLarge: more samples than the ring holds.
            RingClosed: the ring was given back.
        """
        count = len(samples)
        if count > self.capacity:
            raise FrameTooLarge(f"{count} samples do not fit a ring of {self.capacity}")
        with self._lock:
            if self._closed:
                raise RingClosed("the PCM ring was given back")
            first, words = self.head, self._arena.words
            words[self._ring_word + RESERVED] = first + count
            at = first % self.capacity
            front = min(count, self.capacity - at)
            self._samples[at : at + front] = samples[:front]
            self._samples[: count - front] = samples[front:]
            self._anchor(PcmAnchor(first, captured_ns, arrival_ns, rtp_timestamp))
            words[self._ring_word + HEAD] = self.head = first + count
        self._arena.wake()
        return first

    def _anchor(self, anchor: PcmAnchor) -> None:
        words, at = self._arena.words, self._ring_word
        words[at + ANCHOR_SEQ] += 1
        words[at + ANCHOR_SAMPLE] = anchor.sample
        words[at + ANCHOR_CAPTURED] = anchor.captured_ns
        words[at + ANCHOR_ARRIVAL] = anchor.arrival_ns
        words[at + ANCHOR_RTP] = anchor.rtp_timestamp
        words[at + ANCHOR_SEQ] += 1

    def close(self) -> None:
        """Give the memory back, zeroed. Later writes raise RingClosed."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._arena.give_back_ring(self.place, 2 * self.capacity)
                self._room.resize(0)


class PcmAnchors(NamedTuple):
    """The anchors of many rings as columns, i64 ``[rings]`` each (see ``PcmAnchor``)."""

    sample: NDArray[np.int64]
    captured_ns: NDArray[np.int64]
    arrival_ns: NDArray[np.int64]
    rtp_timestamp: NDArray[np.int64]


def read_anchors(view: ArenaView, places: NDArray[np.intp]) -> PcmAnchors:
    """The clocks of a recent sample of each of these PCM rings.

    A writer that was killed while it changed one leaves it half-changed: its clocks are a packet apart then.
    """
    table = view.table
    for _ in range(ANCHOR_READS):
        before = table[places, ANCHOR_SEQ]
        anchors = table[places, ANCHOR_SAMPLE : ANCHOR_RTP + 1].astype(np.int64)
        if not (before & np.uint64(1)).any() and np.array_equal(table[places, ANCHOR_SEQ], before):
            break
    return PcmAnchors(*anchors.T)


def read_anchor(view: ArenaView, place: int) -> PcmAnchor:
    """The clocks of a recent sample of this PCM ring, see ``read_anchors``."""
    sample, captured, arrival, rtp = np.concatenate(read_anchors(view, np.array([place]))).tolist()
    return PcmAnchor(sample, captured, arrival, rtp)


class PcmGather(NamedTuple):
    """What one gather over many PCM rings brought.

    ``samples`` i16 ``[rings, count]``; ``ok`` bool ``[rings]``: False where samples were missing or were
    overwritten meanwhile, that row is to be dropped.
    """

    samples: NDArray[np.int16]
    ok: NDArray[np.bool_]


def gather_pcm(
    view: ArenaView,
    places: NDArray[np.intp],
    generations: NDArray[np.uint64],
    cursors: NDArray[np.int64],
    count: int,
) -> PcmGather:
    """Copy samples ``[cursor, cursor + count)`` of every ring in one indexed read."""
    table = view.table
    capacity = table[places, CAPACITY].astype(np.int64)
    start = table[places, OFFSET].astype(np.int64) // 2
    known = (table[places, GENERATION] == generations) & (capacity >= count)
    published = table[places, HEAD].astype(np.int64) >= cursors + count
    first = np.where(known, cursors % np.maximum(capacity, 1), 0)
    wraps = first + count > capacity
    windows = view.windows(count)
    samples = windows[np.where(known & ~wraps, start + first, 0)]
    for row in np.flatnonzero(known & wraps).tolist():
        ring = view.samples[start[row] : start[row] + capacity[row]]
        front = len(ring) - int(first[row])
        samples[row, :front], samples[row, front:] = ring[first[row] :], ring[: count - front]
    oldest = table[places, RESERVED].astype(np.int64) - capacity
    whole = (cursors >= oldest) & (table[places, GENERATION] == generations)
    return PcmGather(samples, known & published & whole)
