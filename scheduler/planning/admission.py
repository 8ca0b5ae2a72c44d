"""How many more sessions fit: from the measured curves and the demand, before anybody has to wait. Pure.

Two servers stand one behind the other, the executor's threads and the event loop, and both run on the cores
that other processes leave them::

    batches ──▶ threads, seen as one server of their joint speed ──▶ loop ──▶ results
                └───────────── cores less what others use ─────────────┘

At each the mean wait is that of Pollaczek and Khinchine (M/G/1), its tail exponential, which errs to the safe
side where arrivals are regular as they are here. The 95th percentile of a frame's age is then the camera's
interval, both waits, and the batch.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from .curve import LOOP, BatchCurve

FRAME_INTERVAL_S = 1 / 15  # a slow camera: the newest frame may be as old as this before anything waits
GATHERING_S = 0.032  # rows that become ready within a window of sound meet in one batch
BUSIEST = 0.85  # of a server's time: beyond it, small bursts cost long waits
LATE_SHARE = 0.05
DEGRADED = 0.8  # of the wanted rates: a short burst lowers them by less
MOST = 10_000


class ModelLoad(NamedTuple):
    """What one model has to do: rows per second, and what batches cost a thread and the loop."""

    rate: float
    curve: BatchCurve
    loop: BatchCurve = LOOP


class Machine(NamedTuple):
    """What there is to do it.

    ``threads``: batches that run at the same time. ``cores``: how many threads and loop have together, less
    what other processes use; infinite where batches run on a device. ``beside``: how many cores one more
    session takes of them in the processes that receive its media.
    """

    threads: int
    cores: float = math.inf
    beside: float = 0.0


def fits_more(
    now: Sequence[ModelLoad],
    session: Sequence[float],
    machine: Machine,
    promised_age_s: float,
    rate_scale: float = 1.0,
) -> int:
    """Sessions that can be added while the 95th percentile of the frame age stays within the promise.

    Args:
        now: what the sessions that are there want, whatever is served of it.
        session: rows per second that one more session wants of each model in ``now``.
        machine: what serves them.
        promised_age_s: seconds.
        rate_scale: the share of its wanted rates that everybody gets. While that is lowered the curves err,
            or others use the machine: nobody is let in.
    """
    degraded = rate_scale < DEGRADED and any(work.rate for work in now)
    if degraded or not any(session):
        return 0

    def fits(more: int) -> bool:
        grown = [work._replace(rate=work.rate + more * rate) for work, rate in zip(now, session, strict=True)]
        left = machine._replace(cores=machine.cores - more * machine.beside)
        return frame_age_p95(grown, left) <= promised_age_s

    low, high = 0, MOST
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def frame_age_p95(works: Sequence[ModelLoad], machine: Machine) -> float:
    """Seconds from a frame's arrival to its result that 95 % stay below; infinite past ``BUSIEST``."""
    batches = [_batches(work) for work in works if work.rate > 0]
    loop = sum(batch.rate * batch.loop for batch in batches)
    speed = min(1.0, (machine.cores - loop) / machine.threads)  # of a thread, where all are at work
    if speed <= 0:
        return math.inf
    joint = machine.threads * speed
    waits = wait_p95([(batch.rate, batch.cost / joint) for batch in batches])
    waits += wait_p95([(batch.rate, batch.loop) for batch in batches])
    longest = max((batch.cost / speed + batch.loop for batch in batches), default=0.0)
    return FRAME_INTERVAL_S + waits + longest


def wait_p95(customers: Sequence[tuple[float, float]]) -> float:
    """Seconds that 95 % wait less than for one server, of customers ``(a second, seconds each takes)``."""
    busy = sum(rate * taken for rate, taken in customers)
    if busy > BUSIEST:
        return math.inf
    if busy <= LATE_SHARE:  # so few meet a busy server that the 95th percentile does not wait
        return 0.0
    mean = sum(rate * taken**2 for rate, taken in customers) / (2 * (1 - busy))
    return mean / busy * math.log(busy / LATE_SHARE)


class _Batches(NamedTuple):
    """One model's batches: how many a second, and what one costs a thread and the loop."""

    rate: float
    cost: float
    loop: float


def _batches(work: ModelLoad) -> _Batches:
    size = min(max(1.0, work.rate * GATHERING_S), work.curve.max_batch)
    rows = math.ceil(size)
    return _Batches(work.rate / size, work.curve.cost(rows), work.loop.cost(rows))
