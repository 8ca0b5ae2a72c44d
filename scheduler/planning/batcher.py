"""The decision: which rows of which model run now, together. Pure: no clock, no device, no I/O.

A batch closes when one of these is true, and is not formed before:

    full      it holds as many rows as the model's measured curve makes worthwhile
    idle      nothing runs on its device: waiting would only waste it
    deadline  the earliest of its rows would be late if it started any later
    quick     it is of sound and takes less than handing it to a thread: the loop runs it itself

Which rows: higher priority first; then those whose frame can still be answered within the promised age, then
the session that had the least service so far, in steps of ``SHARE_STEP_S`` (as in start-time fair queueing,
Goyal, Vin and Cheng, 1996); among equals the row that waited longest as a share of its period, in steps of
``LATE_STEP``, then short models before long ones, then the earliest deadline. Without overload every ready
row is taken and the order decides nothing. Under overload it lowers everybody's rates alike, while no core
stays idle: rows wait, and what they wait with is always their newest frame.

Long models have threads of their own: a short one begins at once and takes turns with them on the core, so it
never waits for one to end.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .curve import BatchCurve
from .demand import Demand, RowKind, Rows

Closing = Literal["full", "idle", "deadline", "quick"]
ROUNDING = 1e-9
SHORT_WAIT_S = 0.03
LONG_SPARE = 1  # long batches that may wait
SHARE_STEP_S = 0.01  # finer steps would only undo the order of deadlines
LATE_STEP = 0.5  # of a period


class ModelState(NamedTuple):
    """What planning needs to know of a model.

    ``call_bound``: see ``BatchCurve``. ``patient``: while a batch of it is ``in_flight`` the next one waits,
    unless it is full. ``long``: short ones do not wait for it, they take turns with it. ``quick``: so many
    rows at most take less than handing them to a thread.
    """

    curve: BatchCurve
    max_batch: int
    call_bound: bool
    patient: bool = False
    in_flight: int = 0
    long: bool = False
    quick: int = 0

    @property
    def after_one_more(self) -> "ModelState":
        """What it is once one more batch was begun."""
        return self._replace(in_flight=self.in_flight + 1)


class ExecutorState(NamedTuple):
    """``free`` of ``total`` threads can take a batch. ``shared``: all feed one device; else each is its own.

    ``spare``: so many batches more may be handed over, and wait for the next thread that becomes free.
    ``long``: so many long batches are handed over, for which there are ``total`` threads more; one of them
    may wait, if it is a task's.
    """

    free: int
    total: int
    shared: bool
    spare: int = 0
    long: int = 0

    def places(self, *, long: bool) -> int:
        """How many batches would run at once."""
        return max(0, self.total - self.long) if long and not self.shared else self.free

    def idle(self, *, long: bool) -> bool:
        """Whether a device has nothing to do that goes before such a batch."""
        return self.free == self.total if self.shared else self.places(long=long) > 0

    def open(self, *, long: bool) -> int:
        """How many batches can be handed over."""
        if long and not self.shared:
            return self.total + LONG_SPARE - self.long
        return self.free + self.spare

    @property
    def without_spare(self) -> "ExecutorState":
        """The same, where no long batch may wait."""
        return self._replace(long=max(self.long, self.total + LONG_SPARE))

    def after_one_more(self, *, long: bool) -> "ExecutorState":
        """What is left when one batch more was handed over."""
        if long and not self.shared:
            return self._replace(long=self.long + 1)
        return self._replace(free=self.free - 1) if self.free else self._replace(spare=self.spare - 1)


class Batch(NamedTuple):
    """Rows of one model that run together, each at most once."""

    model: int
    rows: Rows
    closing: Closing


def is_run_here(batch: Batch) -> bool:
    """Whether the loop runs the batch itself."""
    return batch.closing == "quick"


class Plan(NamedTuple):
    """Batches to start now, ready rows that must wait, and when to plan again at the latest.

    While no thread is free ``wake_at`` is infinite: a batch that comes back says when.
    """

    batches: list[Batch]
    waiting: Rows
    wake_at: float


def plan(
    now: float,
    demand: Demand,
    models: Sequence[ModelState],
    executor: ExecutorState,
    ready: Rows | None = None,
    promised_age_s: float = np.inf,
) -> Plan:
    """Form the batches that are to start now, one a free thread at most. ``ready``: what ``demand`` says."""
    if ready is None:
        ready = demand.ready(now)
    pending = ready if len(ready) < 2 else ready[fair_order(now, demand, ready, models, promised_age_s)]
    states = list(models)
    batches: list[Batch] = []
    waiting: list[Rows] = []
    wake_at = np.inf
    while len(pending):
        model = int(demand.model[pending[0]])
        state = states[model]
        same = demand.model[pending] == model
        rows = pending[same]
        rows = rows[: batch_size(len(rows), state, executor)]
        closing = closing_reason(now, demand, rows, state, executor)
        if closing is None:
            waiting.append(pending[same])
            pending = pending[~same]
            if state.long and not executor.places(long=True):
                executor = executor.without_spare  # nothing else may begin before it
            if executor.shared and not waits_for_company(state):
                wake_at = min(wake_at, latest_start(demand, rows, state))
            continue
        batches.append(Batch(model, rows, closing))
        if closing != "quick":
            states[model] = state.after_one_more
            executor = executor.after_one_more(long=state.long)
        pending = pending[~(same & (np.cumsum(same) <= len(rows)))]
    if executor.places(long=False):
        wake_at = min(wake_at, demand.next_due(now))
    return Plan(batches, np.concatenate([*waiting, pending]), wake_at)


def fair_order(
    now: float, demand: Demand, rows: Rows, models: Sequence[ModelState], promised_age_s: float
) -> Rows:
    """Positions in ``rows``, those to be served first in front."""
    tags = demand.shares.tags(demand.share[rows])
    ahead = np.floor((tags - tags.min(initial=np.inf)) / SHARE_STEP_S + ROUNDING)
    model = demand.model[rows]
    long = np.array([state.long for state in models])[model]
    patience = np.array(
        [np.inf if state.patient else promised_age_s - state.curve.cost(1) for state in models]
    )
    too_old = (now - demand.arrival[rows] > patience[model]) & (demand.kind[rows] == RowKind.STREAM)
    late = late_steps(now, demand, rows, promised_age_s)
    return np.lexsort((demand.deadline[rows], long, -late, ahead, too_old, -demand.priority[rows]))


def late_steps(now: float, demand: Demand, rows: Rows, promised_age_s: float) -> NDArray[np.float64]:
    """How long these rows wait, in steps of their periods or of the promise, whichever is shorter.

    A task is never late: it has a deadline.
    """
    stream = demand.kind[rows] == RowKind.STREAM
    unit = LATE_STEP * np.where(stream, np.minimum(demand.period[rows], promised_age_s), np.inf)
    steps: NDArray[np.float64] = np.floor(demand.waited(rows, now) / unit)
    return steps


def batch_size(ready: int, state: ModelState, executor: ExecutorState) -> int:
    """How many of the ``ready`` rows of one model go into the next batch.

    Threads with a core of their own share the rows, unless the call itself is what costs, or the rest would
    wait for them anyway. While none is free the loop takes of sound as much as is quick.
    """
    if not executor.idle(long=state.long) and (quick := quick_rows(state, executor)):
        return min(ready, quick)
    if executor.shared or state.call_bound or state.patient:
        return min(ready, state.max_batch)
    return min(-(-ready // max(executor.places(long=state.long), 1)), state.max_batch)


def closing_reason(
    now: float, demand: Demand, rows: Rows, state: ModelState, executor: ExecutorState
) -> Closing | None:
    """Why this batch starts now; None: it stays open.

    A batch that would only wait for a core stays open too, until it is full: what comes meanwhile may join
    it, or be more urgent. A full one may wait if that is short: the core then loses no time between two. So
    may one of sound, or full ones of others would always be before it; and a long one of tasks, which are
    done in the order they came, where a stream's would miss a newer frame. Half a batch of sound waits for no
    more while a core is idle: half of all sessions would wait for the other half.
    """
    if len(rows) <= quick_rows(state, executor):
        return "quick"
    if not executor.open(long=state.long):
        return None
    idle = executor.idle(long=state.long)
    if len(rows) >= state.max_batch and (idle or executor.shared or may_wait(demand, rows, state)):
        return "full"
    if waits_for_company(state) and not (idle and 2 * len(rows) >= state.max_batch):
        return None
    if idle:
        return "idle"
    if not executor.shared:
        return "deadline" if state.patient else None
    return "deadline" if latest_start(demand, rows, state) <= now else None


def may_wait(demand: Demand, rows: Rows, state: ModelState) -> bool:
    """Whether a full batch is handed over although it does not begin at once."""
    if state.long:
        return bool((demand.kind[rows] == RowKind.ONCE).all())
    return state.curve.cost(len(rows)) <= SHORT_WAIT_S


def quick_rows(state: ModelState, executor: ExecutorState) -> int:
    """How many rows may be run where they are planned, as one batch; 0: none.

    A thread would have to be woken, and would wait for the interpreter, as the loop would for its outcome.
    """
    return 0 if executor.shared else state.quick


def waits_for_company(state: ModelState) -> bool:
    """Whether the model's next batch stays open until it is full or the one at work is back."""
    return state.patient and state.in_flight > 0


def latest_start(demand: Demand, rows: Rows, state: ModelState) -> float:
    """The last moment at which a batch of these rows still meets its earliest deadline."""
    return float(demand.deadline[rows].min()) - state.curve.cost(len(rows))
