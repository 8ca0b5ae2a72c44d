"""Which settings suit each library: all of ``CHOICES`` in one run, in paired rounds of 16 callers.

``python -m argusd.benchmarks.rivals.tuning LIBRARY TASK JSON``. What wins goes into ``settings.py``.
"""

import asyncio
import sys
from pathlib import Path

from ..harness import Result, machine, save_json, show
from ..serving.work import WORKS
from ..tasks import measure, metrics_of, tables_of
from .settings import CHOICES
from .systems import LIBRARIES

CALLERS = (16,)
ROUNDS = 3
SECONDS = 2.5


def tune(library: str, task: str) -> Result:
    """How one library does one task, by its settings."""
    system = next(each for each in LIBRARIES if each.name == library)
    work = next(each for each in WORKS if each.task == task)
    systems = [system.set_to(settings) for settings in CHOICES]
    turns = asyncio.run(measure(work, systems, CALLERS, ROUNDS, SECONDS))
    served = sum(load.served for loads in turns.loads.values() for load in loads)
    return Result(
        f"tuning {library}",
        machine(),
        served,
        metrics=dict(metrics_of(turns)),
        tables=list(tables_of(turns)),
        notes=turns.notes,
        failures=turns.failures,
    )


if __name__ == "__main__":
    result = tune(*sys.argv[1:3])
    print(show(result))
    save_json(result, Path(sys.argv[3]))
