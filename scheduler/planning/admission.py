"""How many more sessions fit: from the measured curves and the demand, before anybody has to wait. Pure.

The threads are seen as one server of their joint speed, batches as its customers: the mean wait is that of
Pollaczek and Khinchine (M/G/1), its tail exponential, which errs to the safe side where arrivals are regular
as they are here. The 95th percentile of a frame's age is then the camera's interval, the wait, and the batch.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from .curve import DISPATCH_S, BatchCurve

FRAME_INTERVAL_S = 1 / 15  # a slow camera: the newest frame may be as old as this before anything waits
GATHERING_S = 0.032  # rows that become ready within a grid step meet in one batch
BUSIEST = 0.85  # of the threads' time: beyond it, small bursts cost long waits
LATE_SHARE = 0.05
DEGRADED = 0.8  # of the wanted rates: a short burst lowers them by less
MOST = 10_000


class ModelLoad(NamedTuple):
    """What one model has to do: rows per second, its curve, and how much slower it runs than measured."""

    rate: float
    curve: BatchCurve
    slowdown: float = 1.0


def present(rates: Sequence[float], models: Sequence[tuple[BatchCurve, float]]) -> list[ModelLoad]:
    """The work there is: rows a second wanted of each model, whatever is served of them at the moment.

    ``models``: each one's curve, and the slowdown it has seen. Of one that nobody wants now that is of the
    past: it would run as those at work do, and at its curve where none is.
    """
    loads = [rate * curve.item_cost for rate, (curve, _) in zip(rates, models, strict=True)]
    slower = sum(load * slowdown for load, (_, slowdown) in zip(loads, models, strict=True))
    usual = slower / sum(loads) if any(loads) else 1.0
    return [
        ModelLoad(rate, curve, slowdown if rate else usual)
        for rate, (curve, slowdown) in zip(rates, models, strict=True)
    ]


def fits_more(
    now: Sequence[ModelLoad],
    session: Sequence[float],
    threads: int,
    promised_age_s: float,
    rate_scale: float = 1.0,
) -> int:
    """Sessions that can be added while the 95th percentile of the frame age stays within the promise.

    Args:
        now: what the sessions that are there want.
        session: rows per second that one more session wants of each model in ``now``.
        threads: batches that run at the same time.
        promised_age_s: seconds.
        rate_scale: the share of its wanted rates that everybody gets. While that is lowered the curves err,
            or others use the machine: nobody is let in.
    """
    degraded = rate_scale < DEGRADED and any(work.rate for work in now)
    if degraded or not any(session):
        return 0

    def fits(more: int) -> bool:
        grown = [work._replace(rate=work.rate + more * rate) for work, rate in zip(now, session, strict=True)]
        return frame_age_p95(grown, threads) <= promised_age_s

    low, high = 0, MOST
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def frame_age_p95(works: Sequence[ModelLoad], threads: int) -> float:
    """Seconds from a frame's arrival to its result that 95 % stay below; infinite past ``BUSIEST``."""
    batches = [_batches(work) for work in works if work.rate > 0]
    busy = sum(rate * cost for rate, cost in batches) / threads
    if busy > BUSIEST:
        return math.inf
    longest = max((cost for _, cost in batches), default=0.0)
    if busy <= LATE_SHARE:  # so few meet a busy thread that the 95th percentile does not wait
        return FRAME_INTERVAL_S + longest
    mean_wait = sum(rate * (cost / threads) ** 2 for rate, cost in batches) / (2 * (1 - busy))
    return FRAME_INTERVAL_S + longest + mean_wait / busy * math.log(busy / LATE_SHARE)


def _batches(work: ModelLoad) -> tuple[float, float]:
    """Batches per second, and what one costs in seconds."""
    size = min(max(1.0, work.rate * GATHERING_S), work.curve.max_batch)
    return work.rate / size, work.curve.cost(math.ceil(size)) * work.slowdown + DISPATCH_S
