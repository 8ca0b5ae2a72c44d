"""A batch that cannot be run loses the items that are to blame, and no other.

::

    [a b c d] raises ─▶ [a b] runs           outputs of a and b
                        [c d] raises ─▶ [c]  runs           output of c
                                        [d]  raises         d is to blame

Where the model cannot even run what it was warmed up with, nobody is to blame and the batch is lost.
"""

import logging
import time
from collections.abc import Sequence
from typing import Any

from ..contract.logs.tracebacks import log_fault
from ..errors import DeviceLost, InferenceFailed, OutOfMemory, SchedulerError
from .loaded_model import Done, Dropped, LoadedModel

log = logging.getLogger(__name__)

MOST_RUNS = 32  # enough to find at least one to blame in any batch; what is left then was not run
NOT_RUN = Dropped("not_run")


def isolated(loaded: LoadedModel, items: Sequence[Any]) -> Done:
    """What the model makes of these items, or of halves of them; ``Dropped`` those that it fails for alone.

    Raises:
        OutOfMemory, DeviceLost: whoever is to blame, the batch is lost.
    """
    started = loaded.clock()
    try:
        done = loaded.infer(items)
        spent = loaded.spent(started)
        return done._replace(cost=spent if done.seconds and not done.reused else 0.0)
    except (OutOfMemory, DeviceLost):
        raise
    except Exception as error:
        log_fault(log, f"a batch of {loaded.name} failed", error)
        if not _works(loaded):
            return Done([Dropped(code_of(error))] * len(items), 0.0, code_of(error))
        if len(items) == 1:
            return Done([Dropped(code_of(error), to_blame=True)], 0.0)
        return _without_culprits(loaded, items)


def checked(loaded: LoadedModel) -> Done:
    """How running the model on what it was warmed up with went, and the seconds that took; no outputs.

    Raises:
        OutOfMemory, DeviceLost: the device is to blame.
    """
    started = time.monotonic()
    failure = "" if _works(loaded) else InferenceFailed.code
    return Done([], time.monotonic() - started, failure)


def _without_culprits(loaded: LoadedModel, items: Sequence[Any]) -> Done:
    """The outputs of all but those to blame, of items that cannot be run together."""
    outputs: list[Any] = [NOT_RUN] * len(items)
    seconds, reused, runs = 0.0, 0, 0
    failed = [range(len(items))]
    while failed and runs < MOST_RUNS:
        places = failed.pop()
        for half in (places[: len(places) // 2], places[len(places) // 2 :]):
            runs += 1
            try:
                done = loaded.infer([items[place] for place in half])
            except (OutOfMemory, DeviceLost):
                raise
            except Exception as error:
                if len(half) > 1:
                    failed.append(half)
                else:
                    outputs[half[0]] = Dropped(code_of(error), to_blame=True)
            else:
                seconds += done.seconds
                reused += done.reused
                outputs[half.start : half.stop] = done.outputs
    return Done(outputs, seconds, reused=reused)


def _works(loaded: LoadedModel) -> bool:
    """Whether the model runs what it was warmed up with."""
    try:
        loaded.check()
    except (OutOfMemory, DeviceLost):
        raise
    except Exception as error:
        log_fault(log, f"{loaded.name} does not run at all", error)
        return False
    return True


def code_of(error: Exception) -> str:
    """The code by which a batch's failure is told."""
    return error.code if isinstance(error, SchedulerError) else InferenceFailed.code
