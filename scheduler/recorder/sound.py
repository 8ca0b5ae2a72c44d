"""A part of a track's sound, taken out of its ring while it goes on."""

import numpy as np
from numpy.typing import NDArray

from argusd.ingest.shm.arena import CAPACITY, GENERATION, HEAD
from argusd.ingest.shm.ring import gather_pcm, read_anchor

from ..contract.media import SAMPLE_RATE
from ..media.arena_sources import RingRef

PIECE = SAMPLE_RATE // 50  # samples: what an Opus packet holds (RFC 6716, 20 ms)
MARGIN = SAMPLE_RATE // 2  # samples that the writer may overwrite while they are read


class SoundTake:
    """Samples from ``before_s`` ago on, as far as the ring has them. ``begins_ns``: when the first arrived.

    What is overwritten before it was read is silence.
    """

    def __init__(self, ring: RingRef, before_s: float) -> None:
        self._ring = ring
        self._place = np.array([ring.place])
        self._generation = np.array([ring.generation], np.uint64)
        head, capacity = (int(ring.view.table[ring.place, column]) for column in (HEAD, CAPACITY))
        first = max(0, head - int(before_s * SAMPLE_RATE), head - capacity + MARGIN)
        anchor = read_anchor(ring.view, ring.place)
        self.begins_ns = anchor.arrival_ns + (first - anchor.sample) * 1_000_000_000 // SAMPLE_RATE
        self._cursor = first
        self._pieces: list[NDArray[np.int16]] = []
        self.read()

    @property
    def samples(self) -> NDArray[np.int16]:
        """I16 ``[samples]``, whole pieces of them."""
        return np.concatenate(self._pieces) if self._pieces else np.zeros(0, np.int16)

    def drain(self) -> NDArray[np.int16]:
        """``samples``, which are not kept any longer."""
        samples = self.samples
        self._pieces.clear()
        return samples

    def read(self) -> None:
        """Take what has come since the last time."""
        table = self._ring.view.table
        head = int(table[self._ring.place, HEAD])
        if table[self._ring.place, GENERATION] != self._ring.generation:
            return  # the track is over, and its place may be another's
        while self._cursor + PIECE <= head:
            cursors = np.array([self._cursor])
            gathered = gather_pcm(self._ring.view, self._place, self._generation, cursors, PIECE)
            whole = bool(gathered.ok[0])
            self._pieces.append(gathered.samples[0].copy() if whole else np.zeros(PIECE, np.int16))
            self._cursor += PIECE
