"""A batch in flight: whose rows it holds, and how it comes back."""

import logging
from collections.abc import Sequence
from concurrent.futures import Future
from typing import NamedTuple

from ..contract.logs.tracebacks import log_fault
from ..errors import OutOfMemory
from ..loaded.isolation import code_of
from ..loaded.loaded_model import Done, Dropped, LoadedModel, Moments
from ..planning.demand import Rows
from ..sessions.session_stream import DemandRow
from ..tracing.traces import Traces
from .pending import PendingItem

log = logging.getLogger(__name__)


# A stream's row of a batch, and its track's epoch.
StreamItem = tuple[DemandRow, int]


class InFlightBatch(NamedTuple):
    """A batch in flight, since it ``began``. ``moments`` makes those of some entries, which are streams'."""

    loaded: LoadedModel
    rows: Rows
    entries: Sequence[StreamItem | PendingItem]
    moments: Moments
    began: float


def trace(batch: InFlightBatch, entry: PendingItem, traces: Traces, now: float) -> None:
    """Tell how long a task's item waited for this batch, and how long the batch took."""
    about: dict[str, str | int] = {
        "argusd__model": batch.loaded.name,
        "argusd__batch_size": len(batch.entries),
    }
    traces.record("queue", entry.traceparent, entry.since, batch.began, argusd__model=batch.loaded.name)
    traces.record("batch", entry.traceparent, batch.began, now, **about)


def landed(loaded: LoadedModel, rows: int, future: "Future[Done]") -> Done:
    """What the executor brought back of a batch of so many rows; one that failed lost them, and says why."""
    try:
        return future.result()
    except OutOfMemory as error:
        loaded.halve(rows)
        log.warning("the device has no memory for %d rows of %s", rows, loaded.name)
        reason = error.code
    except Exception as error:  # the top of an executor's thread: this batch is lost, the others go on
        log_fault(log, f"a batch of {loaded.name} failed", error)
        reason = code_of(error)
    return Done([Dropped(reason)] * rows, 0.0, reason)
