"""A batch on its way through a lane: whose rows it holds, and how it comes back."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from argusd.ingest.shm.ring import PcmAnchors, read_anchors

from ..contract.tracebacks import log_fault
from ..core import Moment
from ..errors import InferenceFailed, OutOfMemory, SchedulerError
from ..planning.demand import Rows
from ..sessions.arena_sources import by_arena
from ..sessions.moments import MediaClock, frame_moment, window_moments
from ..sessions.session_stream import DemandRow
from .loaded_model import Done, Dropped, LoadedModel, Look
from .pending import PendingItem

log = logging.getLogger(__name__)


class StreamItem(NamedTuple):
    """A stream's row of a batch; ``epoch`` is its track's."""

    row: DemandRow
    epoch: int


Moments = Callable[[Sequence[int], float], list[Moment]]


class InFlightBatch(NamedTuple):
    """A batch at work, one value a row: seconds it was ready since, and may take from then to its result.

    ``moments`` makes those of some entries, which are streams', from the monotonic seconds of their outputs.
    """

    served: LoadedModel
    rows: Rows
    entries: Sequence[StreamItem | PendingItem]
    moments: Moments
    ready_since: NDArray[np.float64]
    allowed: NDArray[np.float64]


def frame_moments(
    entries: Sequence[StreamItem | PendingItem], looks: Sequence[Look], offset_ns: int
) -> Moments:
    """For rows whose readers have just opened these frames."""
    skipped = [entry.row.passed_over() if isinstance(entry, StreamItem) else 0 for entry in entries]

    def moments(places: Sequence[int], now: float) -> list[Moment]:
        clocks = _clocks(entries, places)
        return [
            frame_moment(looks[place].frame.info, clock, now, offset_ns, skipped[place])
            for place, clock in zip(places, clocks, strict=True)
        ]

    return moments


def sound_moments(
    entries: Sequence[StreamItem | PendingItem], firsts: NDArray[np.int64], window: int, offset_ns: int
) -> Moments:
    """For rows that are to hear ``window`` samples, those from the numbers ``firsts`` on."""
    heard = {at: entry.row.track.ring for at, entry in enumerate(entries) if isinstance(entry, StreamItem)}
    anchors = np.zeros((len(entries), 4), np.int64)
    for rings in by_arena(heard):
        anchors[rings.at] = np.stack(read_anchors(rings.view, rings.row), axis=1)

    def moments(places: Sequence[int], now: float) -> list[Moment]:
        at = np.array(places, np.intp)
        return window_moments(
            firsts[at], window, PcmAnchors(*anchors[at].T), _clocks(entries, places), now, offset_ns
        )

    return moments


def _clocks(entries: Sequence[StreamItem | PendingItem], places: Sequence[int]) -> list[MediaClock]:
    found = (entries[place] for place in places)
    return [entry.row.track.clock for entry in found if isinstance(entry, StreamItem)]


def landed(flight: InFlightBatch, future: "Future[Done]") -> Done:
    """What the lane brought back; a batch that failed lost its rows, and says why."""
    try:
        return future.result()
    except OutOfMemory as error:
        flight.served.halve()
        log.warning("the device has no memory for %d rows of %s", len(flight.rows), flight.served.name)
        reason = error.code
    except Exception as error:  # the top of a lane's thread: this batch is lost, the others go on
        log_fault(log, f"a batch of {flight.served.name} failed", error)
        reason = error.code if isinstance(error, SchedulerError) else InferenceFailed.code
    return Done([Dropped(reason)] * len(flight.rows), 0.0, reason)
