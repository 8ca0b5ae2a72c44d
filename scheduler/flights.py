"""A batch on its way through a lane: whose rows it holds, and how it comes back."""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from argusd.ingest.frame import FrameInfo
from argusd.ingest.ring import read_anchor

from .core import Moment
from .demand import Rows
from .errors import InferenceFailed, OutOfMemory, SchedulerError
from .moments import frame_moment, window_moment
from .oneshots import Ask
from .served import Done, Dropped, Served
from .sessions import Row

log = logging.getLogger(__name__)


class Entry(NamedTuple):
    """A stream's row of a batch. ``moment`` makes its ``Moment`` from the monotonic seconds of its output."""

    row: Row
    epoch: int
    moment: Callable[[float], Moment]


class Flight(NamedTuple):
    """A batch at work, one value a row: seconds it was ready since, and may take from then to its result."""

    served: Served
    rows: Rows
    entries: list[Entry | Ask]
    ready_since: NDArray[np.float64]
    allowed: NDArray[np.float64]


def frame_entry(row: Row, info: FrameInfo, offset_ns: int) -> Entry:
    """The entry of a row whose reader has just opened this frame."""
    assert row.reader is not None
    skipped, row.skipped = row.reader.skipped - row.skipped, row.reader.skipped

    def moment(now: float) -> Moment:
        return frame_moment(info, row.track.clock, now, offset_ns, skipped)

    return Entry(row, row.track.epoch, moment)


def window_entry(row: Row, first: int, window: int, offset_ns: int) -> Entry:
    """The entry of a row that is to hear ``window`` samples from number ``first`` on."""
    anchor = read_anchor(row.track.ring.view, row.track.ring.row)

    def moment(now: float) -> Moment:
        return window_moment(first, window, anchor, row.track.clock, now, offset_ns)

    return Entry(row, row.track.epoch, moment)


def landed(flight: Flight, future: "Future[Done]") -> Done:
    """What the lane brought back; a batch that failed lost its rows, and says why."""
    try:
        return future.result()
    except OutOfMemory as error:
        flight.served.halve()
        log.warning("the device has no memory for %d rows of %s", len(flight.rows), flight.served.name)
        reason = error.code
    except SchedulerError as error:
        log.exception("a batch of %s failed", flight.served.name)
        reason = error.code
    except Exception:  # the top of a lane's thread: this batch is lost, the others go on
        log.exception("a batch of %s failed", flight.served.name)
        reason = InferenceFailed.code
    return Done([Dropped(reason)] * len(flight.rows), 0.0, reason)
