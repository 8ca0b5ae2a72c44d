"""Real inferences of models that nobody has used for a while: readiness is more than a memory of the start.

Each runs what it was warmed up with, on a thread that has nothing else to do. What comes of it is judged as
what comes of any batch: a model that does not run is not ready until it does, a device that is lost ends the
process, and so does a check that does not come back.
"""

from collections.abc import Callable
from functools import partial

from ..loaded.isolation import checked
from .loop import Scheduler

EVERY_S = 10.0


class Checks:
    """Of one scheduler's loaded models. ``clock``: monotonic seconds."""

    def __init__(self, scheduler: Scheduler, clock: Callable[[], float]) -> None:
        self._scheduler = scheduler
        self._clock = clock

    def look(self) -> None:
        """Begin the checks that are due; called every second or so."""
        now, executor = self._clock(), self._scheduler.executor
        for _, model in self._scheduler.loaded:
            if not model.in_flight and now - model.judged_at >= EVERY_S and executor.state.free:
                model.in_flight += 1
                executor.submit(partial(checked, model), partial(self._scheduler.checked, model))
