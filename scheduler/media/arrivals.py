"""What is new in all rings, in a few gathers a tick: fills ``Demand.arrival``.

Nothing here decides if a frame is used: a number read while its writer moves on is off by a frame, and the
reader that opens the frame checks the seqlock.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from argusd.ingest.shm.arena import (
    ANCHOR_ARRIVAL,
    ANCHOR_SAMPLE,
    CAPACITY,
    GENERATION,
    HEAD,
    OFFSET,
    SLOT_BYTES,
    ring_word,
)

from ..contract.media import SAMPLE_RATE
from ..planning.demand import NOTHING, Demand, Rows
from .arena_sources import RingRef

ARRIVAL_WORD = 2  # of a slot's header, see ingest/shm/frame.py
FALL_BEHIND = SAMPLE_RATE  # samples a reader may lag before it jumps to the newest


class _Rings(NamedTuple):
    """Rings of one arena and kind as columns."""

    words: NDArray[np.int64]  # the arena's
    at: Rows  # of each ring's place in the table
    generation: NDArray[np.int64]

    def column(self, column: int) -> NDArray[np.int64]:
        """A column of the table."""
        return self.words[self.at + column]

    def heads(self) -> NDArray[np.int64]:
        """Published counters, 0 for a ring that is not ours any more."""
        heads = self.column(HEAD)
        heads[self.column(GENERATION) != self.generation] = 0
        return heads


class _Cameras(NamedTuple):
    """Rings of frames, each once, and the rows that look at them: row ``rows[i]`` at ring ``ring[i]``."""

    rings: _Rings
    rows: Rows
    ring: Rows
    offset: NDArray[np.int64]
    capacity: NDArray[np.int64]
    slot_bytes: NDArray[np.int64]
    seen: NDArray[np.int64]  # heads at the last look, and when the newest frame of then came
    seen_arrival: NDArray[np.float64]

    def arrivals(self, rings: Rows, heads: NDArray[np.int64]) -> NDArray[np.float64]:
        """When the newest frames of these rings came, monotonic seconds."""
        slot = self.offset[rings] + (heads - 1) % self.capacity[rings] * self.slot_bytes[rings]
        arrivals: NDArray[np.float64] = self.rings.words[slot // 8 + ARRIVAL_WORD] * 1e-9
        return arrivals


class _Microphones(NamedTuple):
    """Rows and the rings of samples that they hear, which take ``window`` samples at a time."""

    rings: _Rings
    rows: Rows
    window: NDArray[np.int64]


class Jump(NamedTuple):
    """An audio row that fell behind and was moved on, and how many windows it lost."""

    row: int
    windows: int


class Arrivals:
    """Which ring stands behind which row of the demand. ``behind``: some had more than one window to hear."""

    def __init__(self, demand: Demand) -> None:
        self.behind = False
        self._demand = demand
        self._members: dict[int, tuple[RingRef, int]] = {}
        self._groups: list[_Cameras | _Microphones] | None = None

    def follow(self, row: int, ring: RingRef, window: int = 0) -> None:
        """This row is fed by this ring from now on; ``window`` is how many samples it takes at a time."""
        self._members[row] = (ring, window)
        self._groups = None

    def forget(self, row: int) -> None:
        """This row is gone."""
        del self._members[row]
        self._groups = None

    def refresh(self, now: float) -> list[Jump]:
        """Bring ``arrival`` of every row up to date; tells which audio rows were too far behind."""
        if self._groups is None:
            self._groups = _group(self._members)
        self.behind = False
        jumps: list[Jump] = []
        for group in self._groups:
            if isinstance(group, _Microphones):
                jumps += self._refresh_pcm(group, now)
            else:
                self._refresh_frames(group)
        return jumps

    def _refresh_frames(self, group: _Cameras) -> None:
        heads = group.rings.heads()
        news = (heads > group.seen).nonzero()[0]
        if len(news):
            self._see(group, news, heads[news])
        fresh = heads[group.ring] > self._demand.cursor[group.rows]
        self._demand.arrived(group.rows, np.where(fresh, group.seen_arrival[group.ring], NOTHING))

    def _see(self, group: _Cameras, news: Rows, heads: NDArray[np.int64]) -> None:
        """Note the newest frames of these rings, and learn their cameras' intervals."""
        arrival = group.arrivals(news, heads)
        interval = np.full(len(group.seen), np.nan)
        interval[news] = (arrival - group.seen_arrival[news]) / (heads - group.seen[news])
        interval[group.seen == 0] = np.nan  # it began just now
        group.seen[news], group.seen_arrival[news] = heads, arrival
        measured = interval[group.ring]
        at = np.flatnonzero(~np.isnan(measured))
        self._demand.paced(group.rows[at], measured[at])

    def _refresh_pcm(self, group: _Microphones, now: float) -> list[Jump]:
        demand, heads, window = self._demand, group.rings.heads(), group.window
        lag = heads - demand.cursor[group.rows]
        late = lag > FALL_BEHIND + window
        jumps = self._catch_up(group, lag, late) if late.any() else []
        there = (lag >= window).nonzero()[0]
        # An anchor may be in the middle of a change; then the age is off by a packet, and only the age.
        words, at = group.rings.words, group.rings.at[there]
        end = heads[there] - lag[there] + window[there]
        came = words[at + ANCHOR_ARRIVAL] * 1e-9 + (end - words[at + ANCHOR_SAMPLE]) / SAMPLE_RATE
        arrival = np.full(len(heads), NOTHING)
        arrival[there] = np.minimum(came, now)
        demand.arrived(group.rows, arrival)
        behind = lag >= 2 * window
        demand.hurry(group.rows[behind], now)
        self.behind |= bool(behind.any())
        return jumps

    def _catch_up(self, group: _Microphones, lag: NDArray[np.int64], late: NDArray[np.bool_]) -> list[Jump]:
        """Move those on that are too far behind, but none that a batch holds."""
        at = (late & ~self._demand.busy[group.rows]).nonzero()[0]
        rows, window = group.rows[at], group.window[at]
        self._demand.advance(rows, self._demand.cursor[rows] + lag[at] - window)
        lost = lag[at] // window - 1
        lag[at] = window
        return [Jump(*jump) for jump in zip(rows.tolist(), lost.tolist(), strict=True)]


def _group(members: dict[int, tuple[RingRef, int]]) -> list[_Cameras | _Microphones]:
    by_arena: dict[tuple[int, bool], list[int]] = {}
    for row, (ring, window) in sorted(members.items()):
        by_arena.setdefault((id(ring.view), window > 0), []).append(row)
    return [
        _microphones(rows, members) if heard else _cameras(rows, members)
        for (_, heard), rows in by_arena.items()
    ]


def _microphones(rows: list[int], members: dict[int, tuple[RingRef, int]]) -> _Microphones:
    window = np.array([members[row][1] for row in rows], np.int64)
    return _Microphones(_rings([members[row][0] for row in rows]), np.array(rows, np.intp), window)


def _cameras(rows: list[int], members: dict[int, tuple[RingRef, int]]) -> _Cameras:
    refs = [members[row][0] for row in rows]
    numbers = {ref: number for number, ref in enumerate(dict.fromkeys(refs))}
    rings = _rings(list(numbers))
    return _Cameras(
        rings=rings,
        rows=np.array(rows, np.intp),
        ring=np.array([numbers[ref] for ref in refs], np.intp),
        offset=rings.column(OFFSET),
        capacity=np.maximum(rings.column(CAPACITY), 1),
        slot_bytes=rings.column(SLOT_BYTES),
        seen=np.zeros(len(numbers), np.int64),
        seen_arrival=np.zeros(len(numbers)),
    )


def _rings(refs: list[RingRef]) -> _Rings:
    return _Rings(
        words=refs[0].view.pixels.view(np.int64),
        at=np.array([ring_word(ref.place) for ref in refs], np.intp),
        generation=np.array([ref.generation for ref in refs], np.int64),
    )
