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
    ArenaView,
)

from ..contract.media import SAMPLE_RATE
from ..planning.demand import NOTHING, Demand, Rows
from .arena_sources import RingRef

ARRIVAL_WORD = 2  # of a slot's header, see ingest/shm/frame.py
FALL_BEHIND = SAMPLE_RATE  # samples a reader may lag before it jumps to the newest


class _Rings(NamedTuple):
    """The rows of one arena and kind as columns; ``window`` is 0 for frames."""

    view: ArenaView
    rows: Rows
    ring: Rows
    generation: NDArray[np.uint64]
    offset: NDArray[np.int64]
    capacity: NDArray[np.int64]
    slot_bytes: NDArray[np.int64]
    window: NDArray[np.int64]
    seen: NDArray[np.int64]  # heads at the last look, and when the newest frame of then came
    seen_arrival: NDArray[np.float64]

    def heads(self) -> NDArray[np.int64]:
        """Published counters, 0 for a ring that is not ours any more."""
        table = self.view.table
        heads = table[self.ring, HEAD].astype(np.int64)
        return np.where(table[self.ring, GENERATION] == self.generation, heads, 0)


class Jump(NamedTuple):
    """An audio row that fell behind and was moved on, and how many windows it lost."""

    row: int
    windows: int


class Arrivals:
    """Which ring stands behind which row of the demand."""

    def __init__(self, demand: Demand) -> None:
        self._demand = demand
        self._members: dict[int, tuple[RingRef, int]] = {}
        self._groups: list[_Rings] | None = None

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
        jumps: list[Jump] = []
        for group in self._groups:
            if group.window[0]:
                jumps += self._refresh_pcm(group, now)
            else:
                self._refresh_frames(group)
        return jumps

    def _refresh_frames(self, group: _Rings) -> None:
        heads = group.heads()
        slot = group.offset + np.maximum(heads - 1, 0) % group.capacity * group.slot_bytes
        words = group.view.pixels.view(np.int64)
        arrival = words[slot // 8 + ARRIVAL_WORD] * 1e-9
        self._pace(group, heads, arrival)
        fresh = heads > self._demand.cursor[group.rows]
        self._demand.arrived(group.rows, np.where(fresh, arrival, NOTHING))

    def _pace(self, group: _Rings, heads: NDArray[np.int64], arrival: NDArray[np.float64]) -> None:
        """Learn the cameras' intervals from those that went on since the last look."""
        news = heads > group.seen
        measured = news & (group.seen > 0)
        frames = heads[measured] - group.seen[measured]
        self._demand.paced(group.rows[measured], (arrival - group.seen_arrival)[measured] / frames)
        group.seen[news], group.seen_arrival[news] = heads[news], arrival[news]

    def _refresh_pcm(self, group: _Rings, now: float) -> list[Jump]:
        demand, heads = self._demand, group.heads()
        lag = heads - demand.cursor[group.rows]
        late = (lag > FALL_BEHIND + group.window) & ~demand.busy[group.rows]
        jumps = [
            Jump(int(row), int(windows))
            for row, windows in zip(group.rows[late], (lag // group.window - 1)[late], strict=True)
        ]
        demand.advance(group.rows[late], (heads - group.window)[late])
        end = demand.cursor[group.rows] + group.window
        # The anchor may be in the middle of a change; then the age is off by a packet, and only the age.
        anchors = group.view.table[group.ring][:, [ANCHOR_SAMPLE, ANCHOR_ARRIVAL]].astype(np.int64)
        arrival = anchors[:, 1] * 1e-9 + (end - anchors[:, 0]) / SAMPLE_RATE
        demand.arrived(group.rows, np.where(heads >= end, np.minimum(arrival, now), NOTHING))
        demand.hurry(group.rows[heads >= end + group.window], now)
        return jumps


def _group(members: dict[int, tuple[RingRef, int]]) -> list[_Rings]:
    by_arena: dict[tuple[int, bool], list[int]] = {}
    for row, (ring, window) in sorted(members.items()):
        by_arena.setdefault((id(ring.view), window > 0), []).append(row)
    return [_columns(rows, members) for rows in by_arena.values()]


def _columns(rows: list[int], members: dict[int, tuple[RingRef, int]]) -> _Rings:
    rings = [members[row][0] for row in rows]
    ring = np.array([ref.place for ref in rings], np.intp)
    table = rings[0].view.table
    return _Rings(
        view=rings[0].view,
        rows=np.array(rows, np.intp),
        ring=ring,
        generation=np.array([ref.generation for ref in rings], np.uint64),
        offset=table[ring, OFFSET].astype(np.int64),
        capacity=np.maximum(table[ring, CAPACITY].astype(np.int64), 1),
        slot_bytes=table[ring, SLOT_BYTES].astype(np.int64),
        window=np.array([members[row][1] for row in rows], np.int64),
        seen=np.zeros(len(rows), np.int64),
        seen_arrival=np.zeros(len(rows)),
    )
