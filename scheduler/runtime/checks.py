"""Real inferences of models that nobody has used for a while: readiness is more than a memory of the start.

Each runs what it was warmed up with, on a thread that has nothing else to do. What comes of it is judged as
what comes of any batch: a model that does not run is not ready until it does, a device that is lost ends the
process, and so does a check that does not come back.

While nobody uses any of them, what batches took of the machine's memory is given back.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from ..contract.logs.tracebacks import log_fault
from ..core import LibraryModel
from ..engines.arena import give_back
from ..loaded.isolation import checked
from .loop import Scheduler
from .task_pool import TaskPool

log = logging.getLogger(__name__)

EVERY_S = 10.0
LIBRARY_EVERY_S = 300.0  # each takes up to a second of a core


class Checks:
    """Of one scheduler's models. ``clock``: monotonic seconds."""

    def __init__(self, scheduler: Scheduler, tasks: TaskPool, clock: Callable[[], float]) -> None:
        self._scheduler = scheduler
        self._tasks = tasks
        self._clock = clock
        self._tried = dict.fromkeys(scheduler.pending.library, clock())
        self._trials: set[asyncio.Task[None]] = set()

    def look(self) -> None:
        """Begin the checks that are due; called every second or so."""
        now, executor = self._clock(), self._scheduler.executor
        for _, model in self._scheduler.loaded:
            unused = not model.in_flight and now - model.judged_at >= EVERY_S
            if unused and executor.state.places(long=model.long):
                model.in_flight += 1
                job, done = partial(checked, model), partial(self._scheduler.checked, model)
                executor.submit(job, done, long=model.long)
        if now - self._scheduler.used_at >= EVERY_S and executor.state.free == executor.state.total:
            executor.submit(give_back, lambda _: None)
        for role, library in self._scheduler.pending.library.items():
            if now - self._tried[role] >= LIBRARY_EVERY_S and not self._tasks.threads.busy:
                self._tried[role] = now
                trial = asyncio.create_task(self._try(role, library), name=f"check of {library.name}")
                self._trials.add(trial)
                trial.add_done_callback(self._trials.discard)

    async def _try(self, role: str, library: LibraryModel) -> None:
        try:
            await self._tasks.threads.run(library.check, self._clock())
        except Exception as error:  # what a library raises is not bounded
            log_fault(log, f"{library.name} does not run", error)
            self._scheduler.pending.failures[role] = self._tasks.told(error).code
        else:
            self._scheduler.pending.failures.pop(role, None)
