"""The decision: which rows of which model run now, together. Pure: no clock, no device, no I/O.

A batch closes when one of these is true, and is not formed before:

    full      it holds as many rows as the model's measured curve makes worthwhile
    idle      nothing runs on its device: waiting would only waste it
    deadline  the earliest of its rows would be late if it started any later

Which rows: higher priority first; then the session that had the least service so far, in steps of
``SHARE_STEP_S`` (as in start-time fair queueing, Goyal, Vin and Cheng, 1996); among equals the earliest
deadline. Without overload every ready row is taken and the order decides nothing.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from .curve import BatchCurve
from .demand import Demand, Rows

Closing = Literal["full", "idle", "deadline"]
ROUNDING = 1e-9
SHORT_WAIT_S = 0.03
SHARE_STEP_S = 0.01  # finer steps would only undo the order of deadlines


class ModelState(NamedTuple):
    """What planning needs to know of a model.

    ``call_bound``: see ``BatchCurve``. ``patient``: while a batch of it is ``in_flight`` the next one waits,
    unless it is full.
    """

    curve: BatchCurve
    max_batch: int
    call_bound: bool
    patient: bool = False
    in_flight: int = 0

    @property
    def after_one_more(self) -> "ModelState":
        """What it is once one more batch was begun."""
        return self._replace(in_flight=self.in_flight + 1)


class ExecutorState(NamedTuple):
    """``free`` of ``total`` threads can take a batch. ``shared``: all feed one device; else each is its own.

    ``spare``: so many batches more may be handed over, and wait for the next thread that becomes free.
    """

    free: int
    total: int
    shared: bool
    spare: int = 0

    @property
    def idle(self) -> bool:
        """Whether a device has nothing to do."""
        return self.free == self.total if self.shared else self.free > 0

    @property
    def open(self) -> int:
        """How many batches can be handed over."""
        return self.free + self.spare

    @property
    def after_one_more(self) -> "ExecutorState":
        """What is left when one batch more was handed over."""
        return self._replace(free=self.free - 1) if self.free else self._replace(spare=self.spare - 1)


class Batch(NamedTuple):
    """Rows of one model that run together, each at most once."""

    model: int
    rows: Rows
    closing: Closing


class Plan(NamedTuple):
    """Batches to start now, ready rows that must wait, and when to plan again at the latest."""

    batches: list[Batch]
    waiting: Rows
    wake_at: float


def plan(
    now: float,
    demand: Demand,
    models: Sequence[ModelState],
    executor: ExecutorState,
    ready: Rows | None = None,
) -> Plan:
    """Form the batches that are to start now, one a free thread at most. ``ready``: what ``demand`` says."""
    if ready is None:
        ready = demand.ready(now)
    pending = ready[fair_order(demand, ready)]
    states = list(models)
    batches: list[Batch] = []
    waiting: list[Rows] = []
    wake_at = next_due(now, demand)
    while len(pending) and executor.open:
        model = int(demand.model[pending[0]])
        state = states[model]
        same = demand.model[pending] == model
        rows = pending[same]
        rows = rows[: batch_size(len(rows), state, executor)]
        closing = closing_reason(now, demand, rows, state, executor)
        if closing is None:
            waiting.append(pending[same])
            pending = pending[~same]
            if not waits_for_company(state):
                wake_at = min(wake_at, latest_start(demand, rows, state))
            continue
        batches.append(Batch(model, rows, closing))
        states[model] = state.after_one_more
        executor = executor.after_one_more
        pending = pending[~(same & (np.cumsum(same) <= len(rows)))]
    return Plan(batches, np.concatenate([*waiting, pending]), wake_at)


def fair_order(demand: Demand, rows: Rows) -> Rows:
    """Positions in ``rows``, those to be served first in front."""
    tags = demand.shares.tags(demand.share[rows])
    ahead = np.floor((tags - tags.min(initial=np.inf)) / SHARE_STEP_S + ROUNDING)
    return np.lexsort((demand.deadline[rows], ahead, -demand.priority[rows]))


def batch_size(ready: int, state: ModelState, executor: ExecutorState) -> int:
    """How many of the ``ready`` rows of one model go into the next batch.

    Threads with a core of their own share the rows, unless the call itself is what costs, or the rest would
    wait for them anyway.
    """
    if executor.shared or state.call_bound or state.patient:
        return min(ready, state.max_batch)
    return min(-(-ready // max(executor.free, 1)), state.max_batch)


def closing_reason(
    now: float, demand: Demand, rows: Rows, state: ModelState, executor: ExecutorState
) -> Closing | None:
    """Why this batch starts now; None: it stays open.

    A batch that would only wait for a core stays open too, until it is full: what comes meanwhile may join
    it, or be more urgent. A full one may wait if that is short: the core then loses no time between two.
    """
    if len(rows) >= state.max_batch and (
        executor.idle or executor.shared or state.curve.cost(len(rows)) <= SHORT_WAIT_S
    ):
        return "full"
    if waits_for_company(state):
        return None
    if executor.idle:
        return "idle"
    if not executor.shared:
        return None
    return "deadline" if latest_start(demand, rows, state) <= now else None


def waits_for_company(state: ModelState) -> bool:
    """Whether the model's next batch stays open until it is full or the one at work is back."""
    return state.patient and state.in_flight > 0


def latest_start(demand: Demand, rows: Rows, state: ModelState) -> float:
    """The last moment at which a batch of these rows still meets its earliest deadline."""
    return float(demand.deadline[rows].min()) - state.curve.cost(len(rows))


def next_due(now: float, demand: Demand) -> float:
    """When the next row that is not due yet will be; infinity if there is none."""
    later = demand.active & ~demand.busy & (demand.due > now)
    return float(demand.due.min(where=later, initial=np.inf))
