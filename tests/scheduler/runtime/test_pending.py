"""In which order the items of tasks are served, by the plan that serves the streams as well."""

from types import SimpleNamespace
from typing import Any

from argusd.scheduler.planning.batcher import ExecutorState, ModelState, plan
from argusd.scheduler.planning.curve import BatchCurve
from argusd.scheduler.planning.demand import Demand
from argusd.scheduler.runtime.pending import PendingItems

TOOK_S = 0.015
MODEL: Any = SimpleNamespace(name="m", failure="")
STATE = ModelState(BatchCurve([1], [TOOK_S]), max_batch=1, call_bound=False)
ONE_THREAD = ExecutorState(free=1, total=1, shared=False)


class Tasks:
    """Tasks that each show the model one item after the other, on one thread."""

    def __init__(self) -> None:
        self.now = 100.0
        self.demand = Demand()
        self.pending = PendingItems(self.demand, [("role", MODEL)], {}, {}, lambda: self.now, lambda: None)
        self._begun: dict[str, tuple[int, float]] = {}

    def ask(self, task: str) -> None:
        """The next item of this task, which begins with its first."""
        if task not in self._begun:
            self._begun[task] = self.pending.begin(), self.now + 30
        share, deadline = self._begun[task]
        self.pending.add(share, "role", task, deadline)

    def serve(self) -> str:
        """Run the next batch; whose item it held."""
        planned = plan(self.now, self.demand, [STATE], ONE_THREAD)
        [batch] = planned.batches
        self.demand.dispatch(batch.rows, self.now, seconds=TOOK_S)
        self.demand.settle(planned.waiting)
        self.now += TOOK_S
        self.demand.release(batch.rows)
        served = self.pending.items[int(batch.rows[0])]
        served.settle("output", 1)
        self.pending.row_is_over(served.index)
        return str(served.item)


async def test_a_task_that_has_begun_is_finished_before_new_ones() -> None:
    tasks = Tasks()
    order = []
    for task in ("a", "b", "c"):
        tasks.ask(task)
    for step in range(9):
        served = tasks.serve()
        order.append(served)
        if order.count(served) < 3:
            tasks.ask(served)
        if step < 3:
            tasks.ask(f"new-{step}")
    assert order == ["a", "a", "a", "b", "b", "b", "c", "c", "c"]
