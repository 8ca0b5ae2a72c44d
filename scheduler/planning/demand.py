"""Who wants which model to look at what, how often and how urgently: a structure of arrays.

A *row* is one thing to be served again and again (``STREAM``: a session's stream seen by one model) or just
once (``ONCE``: a task with a deadline, whose payload lies elsewhere). Columns, not objects: planning
for a thousand sessions is a handful of array operations. Anybody may read the columns; only the methods here
write them.

Shares are start-time fair (Goyal, Vin, Cheng: "Start-time Fair Queueing", 1996): a session's ``tag`` is the
service it has had, in seconds divided by its weight. While some wait, the least served go first; a
session that wanted nothing for a while comes back at ``floor``, so that it can neither hoard nor owe.
"""

import heapq
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]

NOTHING = np.inf  # arrival of what has not come yet
PACE_LEARNING = 0.2
OUTAGE = 2.0  # times the usual interval: what is longer tells of a pause, not of the camera


class RowKind(IntEnum):
    """How a row is served."""

    STREAM = 0
    ONCE = 1


class Columns:
    """Arrays of equal length whose indices are handed out, lowest first, and taken back."""

    _names: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._free: list[int] = []
        self._length = 0

    def _take(self) -> int:
        if not self._free:
            self._grow()
        return heapq.heappop(self._free)

    def _grow(self) -> None:
        added = max(self._length, 16)
        for name in self._names:
            column: NDArray[Any] = getattr(self, name)
            setattr(self, name, np.concatenate([column, np.zeros(added, column.dtype)]))
        self._free = list(range(self._length, self._length + added))
        self._length += added

    def _give_back(self, index: int) -> None:
        heapq.heappush(self._free, index)


class Shares(Columns):
    """Per session: ``weight``, ``tag`` and the ``start`` (the tag before) of its newest service.

    ``floor`` is where those who come (back) begin.
    """

    _names = ("weight", "tag", "start")

    def __init__(self) -> None:
        super().__init__()
        self.weight = np.zeros(0)
        self.tag = np.zeros(0)
        self.start = np.zeros(0)
        self.floor = 0.0

    def join(self, weight: float) -> int:
        """Index for one more session; a session of weight 2 gets twice the service of weight 1."""
        share = self._take()
        self.weight[share] = weight
        self.tag[share] = self.floor
        return share

    def reweigh(self, share: int, weight: float) -> None:
        """Serve by another weight from now on."""
        self.weight[share] = weight

    def leave(self, share: int) -> None:
        """Take a session's index back."""
        self.tag[share] = 0.0
        self._give_back(share)

    def tags(self, shares: Rows) -> NDArray[np.float64]:
        """Start tags these have now."""
        return np.maximum(self.tag[shares], self.floor)

    def charge(self, shares: Rows, seconds: float) -> None:
        """Every entry of ``shares`` had ``seconds`` of service."""
        self.tag[shares] = self.start[shares] = self.tags(shares)
        rows = np.bincount(shares)[shares]
        self.tag[shares] += rows * seconds / self.weight[shares]

    def settle(self, waiting: Rows, in_flight: Rows) -> None:
        """Move ``floor`` up to the least served session that waits or is in flight; else to the top."""
        if len(waiting):
            started = self.start[in_flight].min(initial=np.inf)
            self.floor = max(self.floor, min(float(self.tags(waiting).min()), float(started)))
        else:
            self.floor = float(self.tag.max(initial=self.floor))


class Demand(Columns):
    """One row per (session, stream, model), or per task.

    Times are monotonic seconds. ``share``: whose service it is, an index of ``shares``. ``arrival``: when the
    newest item not served yet came (``NOTHING``: none). ``cursor``: the next frame number, or the next
    sample, of the row's ring. ``due``: not to be served before.
    ``deadline``: for a stream when the next period begins, for a task when its answer is worthless.
    ``ready_since``: when the row could first have been served. ``busy``: a batch holds it, never two.
    ``interval``: from one frame of the row's camera to the next; 0: not known yet, or no camera.

    A row looks at the frame that is nearest to ``due``, as soon as it comes: what comes half an interval
    earlier or later is on time. So its camera's beat decides when, and at the camera's own rate it looks at
    every frame.
    """

    _names = (
        "active",
        "busy",
        "kind",
        "share",
        "model",
        "priority",
        "period",
        "max_age",
        "due",
        "deadline",
        "arrival",
        "ready_since",
        "interval",
        "cursor",
    )

    def __init__(self) -> None:
        super().__init__()
        self.shares = Shares()
        self.active = np.zeros(0, np.bool_)
        self.busy = np.zeros(0, np.bool_)
        self.kind = np.zeros(0, np.int8)
        self.share = np.zeros(0, np.intp)
        self.model = np.zeros(0, np.intp)
        self.priority = np.zeros(0, np.int8)
        self.period = np.zeros(0)
        self.max_age = np.zeros(0)
        self.due = np.zeros(0)
        self.deadline = np.zeros(0)
        self.arrival = np.zeros(0)
        self.ready_since = np.zeros(0)
        self.interval = np.zeros(0)
        self.cursor = np.zeros(0, np.int64)

    def add_stream(
        self, share: int, model: int, *, period: float, max_age: float, due: float, priority: int = 0
    ) -> int:
        """A row that wants to be served once a ``period`` with what is newest then."""
        row = self._add(RowKind.STREAM, share, model, priority)
        self.period[row] = period
        self.max_age[row] = max_age
        self.due[row] = due
        self.deadline[row] = due + period
        self.arrival[row] = NOTHING
        return row

    def add_once(self, share: int, model: int, *, arrival: float, deadline: float, priority: int = 0) -> int:
        """A row that wants to be served once, before ``deadline``; whoever serves it removes it."""
        row = self._add(RowKind.ONCE, share, model, priority)
        self.max_age[row] = np.inf
        self.due[row] = self.arrival[row] = arrival
        self.deadline[row] = deadline
        return row

    def _add(self, kind: RowKind, share: int, model: int, priority: int) -> int:
        row = self._take()
        self.kind[row], self.share[row], self.model[row] = kind, share, model
        self.priority[row] = priority
        self.busy[row], self.cursor[row], self.ready_since[row] = False, 0, NOTHING
        self.period[row] = self.interval[row] = 0.0
        self.active[row] = True
        return row

    def remove(self, row: int) -> None:
        """Take the row back. The caller waits for the batch that holds it, if any."""
        assert not self.busy[row], "a row in a batch cannot be handed to somebody else"
        self.active[row] = False
        self._give_back(row)

    def deactivate(self, row: int) -> None:
        """Serve it no more; a batch that holds it goes on."""
        self.active[row] = False

    def advance(self, rows: Rows | int, cursor: NDArray[np.int64] | int) -> None:
        """Read on from there."""
        self.cursor[rows] = cursor

    def arrived(self, rows: Rows | int, arrival: NDArray[np.float64] | float) -> None:
        """The newest item that was not served yet came then; ``NOTHING``: there is none."""
        self.arrival[rows] = arrival

    def paced(self, rows: Rows, interval: NDArray[np.float64]) -> None:
        """Their cameras were seen to have this interval just now; it is averaged."""
        known = self.interval[rows]
        usual = known + PACE_LEARNING * (np.minimum(interval, OUTAGE * known) - known)
        self.interval[rows] = np.where(known > 0, usual, interval)

    def hurry(self, rows: Rows, now: float) -> None:
        """They lag behind: they are due at once."""
        self.due[rows] = np.minimum(self.due[rows], now)

    def retime(self, row: int, period: float, now: float) -> None:
        """Serve it once a ``period`` from now on, and the first time no later than that."""
        if period == self.period[row]:
            return
        if period < self.period[row]:
            self.due[row] = min(self.due[row], now + period)
        self.period[row], self.deadline[row] = period, self.due[row] + period

    @property
    def tolerance(self) -> NDArray[np.float64]:
        """How far from ``due`` a frame may come, seconds: farther, and another one is nearer."""
        return np.minimum(self.interval, self.period) / 2

    def tolerated(self, rows: Rows) -> NDArray[np.float64]:
        """``tolerance`` of these rows."""
        return np.minimum(self.interval[rows], self.period[rows]) / 2

    def ready(self, now: float) -> Rows:
        """Rows that can be served now: due, with something new that is neither stale nor too late."""
        tolerance = self.tolerance
        on_time = (self.arrival >= self.due - tolerance) | (now >= self.due + tolerance)
        mask = self.active & ~self.busy & on_time & (now - self.arrival <= self.max_age)
        mask &= self.arrival != NOTHING
        mask &= (self.kind == RowKind.STREAM) | (self.deadline > now)
        return np.flatnonzero(mask)

    def wants_any(self, models: NDArray[np.bool_]) -> bool:
        """Whether a row wants one of these models."""
        return bool((self.active & models[self.model]).any())

    def waits_for_media(self, now: float, models: NDArray[np.bool_] | None = None) -> bool:
        """Whether a row (of these models) would look at what comes next."""
        begins = self.due - self.tolerance
        nothing = (self.arrival == NOTHING) | (self.arrival < begins) | (now - self.arrival > self.max_age)
        waits = self.active & ~self.busy & (begins <= now) & nothing
        return bool((waits if models is None else waits & models[self.model]).any())

    def next_due(self, now: float) -> float:
        """When the next row that is not due yet will be, whatever comes; infinity if there is none."""
        free = self.active & ~self.busy
        tolerance = self.tolerance
        begins, ends = self.due - tolerance, self.due + tolerance
        first = np.where(free & (begins > now), begins, np.inf).min(initial=np.inf)
        last = np.where(free & (ends > now) & (self.arrival < begins), ends, np.inf).min(initial=np.inf)
        return float(min(first, last))

    def mark_ready(self, now: float) -> Rows:
        """``ready``; remembers since when: how long rows wait decides whose turn it is."""
        rows = self.ready(now)
        since = np.full_like(self.ready_since, NOTHING)
        since[rows] = np.minimum(self.ready_since[rows], self._could_be_served(rows))
        self.ready_since = since
        return rows

    def _could_be_served(self, rows: Rows) -> NDArray[np.float64]:
        """When that what is there for these rows came, or began to be wanted."""
        return np.maximum(self.due[rows] - self.tolerated(rows), self.arrival[rows])

    def waited(self, rows: Rows, now: float) -> NDArray[np.float64]:
        """Seconds since these rows could first have been served."""
        since: NDArray[np.float64] = np.maximum(now - self.ready_since[rows], 0.0)
        return since

    def overdue(self, rows: Rows, now: float) -> NDArray[np.float64]:
        """Seconds by which they begin too late to keep their rates."""
        late: NDArray[np.float64] = np.maximum(self.waited(rows, now) - self.tolerated(rows), 0.0)
        return late

    def dispatch(self, rows: Rows, now: float, *, seconds: float, continuous: bool = False) -> None:
        """A batch takes these rows: they become due a period later, or as soon as something comes where that
        is ``continuous``.

        ``seconds`` is what one row of the batch costs its session.
        """
        period = self.period[rows]
        due = np.full(len(rows), now) if continuous else self._next_beat(rows, now)
        self.due[rows] = due
        self.deadline[rows] = np.where(self.kind[rows] == RowKind.STREAM, due + period, self.deadline[rows])
        self.busy[rows] = True
        self.ready_since[rows] = NOTHING
        self.shares.charge(self.share[rows], seconds)

    def _next_beat(self, rows: Rows, now: float) -> NDArray[np.float64]:
        """A period after they were due.

        A row that had to wait for a thread is moved on by as much, so that rows which met once do not meet
        again, but not beyond the frame it looks at: one that waited for its camera keeps its beat. A period
        that was missed is not made up for.
        """
        due, arrival = self.due[rows], np.minimum(self.arrival[rows], now)
        moved = np.minimum(due + self.waited(rows, now), arrival)
        beat: NDArray[np.float64] = np.maximum(np.maximum(due, moved), arrival - self.tolerated(rows))
        return beat + self.period[rows]

    def settle(self, waiting: Rows) -> None:
        """Planning is done: these rows were ready and must wait."""
        self.shares.settle(self.share[waiting], self.share[self.busy])

    def release(self, rows: Rows) -> None:
        """The batch is over."""
        self.busy[rows] = False
        self.arrival[rows] = NOTHING
