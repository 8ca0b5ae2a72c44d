"""Counters that only rise, out of what each life of a scheduler counts since its start."""

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from argusd.scheduler.contract.messages import Histogram, SchedulerStats

Histograms = Mapping[str, Histogram]


class Work(msgspec.Struct, frozen=True):
    """What was done: see ``SchedulerStats``; ``dropped`` by (stream, reason), failures by (stream, code)."""

    served: Mapping[str, int] = {}
    reused: Mapping[str, int] = {}
    dropped: Mapping[tuple[str, str], int] = {}
    stream_failures: Mapping[tuple[str, str], int] = {}
    batch_size: Histograms = {}
    infer_seconds: Histograms = {}
    frame_age_seconds: Histograms = {}


def work_of(stats: SchedulerStats) -> Work:
    """What one life of a scheduler has done so far."""
    return Work(
        stats.served,
        stats.reused,
        flat(stats.dropped),
        flat(stats.stream_failures),
        stats.batch_size,
        stats.infer_seconds,
        stats.frame_age_seconds,
    )


def flat(counts: Mapping[str, Mapping[str, int]]) -> dict[tuple[str, str], int]:
    """Counts by stream and reason, as counts by both."""
    return {(stream, why): count for stream, found in counts.items() for why, count in found.items()}


def total(parts: Iterable[Work]) -> Work:
    """All of it together."""
    parts = list(parts)
    return Work(
        sum((Counter(part.served) for part in parts), Counter()),
        sum((Counter(part.reused) for part in parts), Counter()),
        sum((Counter(part.dropped) for part in parts), Counter()),
        sum((Counter(part.stream_failures) for part in parts), Counter()),
        summed(part.batch_size for part in parts),
        summed(part.infer_seconds for part in parts),
        summed(part.frame_age_seconds for part in parts),
    )


def summed(parts: Iterable[Histograms]) -> dict[str, Histogram]:
    """Histograms of the same bounds, added up by name."""
    totals: dict[str, Histogram] = {}
    for part in parts:
        for name, more in part.items():
            before = totals.get(name, Histogram(more.bounds, [0] * len(more.counts), 0.0, 0))
            counts = [one + other for one, other in zip(before.counts, more.counts, strict=True)]
            totals[name] = Histogram(more.bounds, counts, before.sum + more.sum, before.count + more.count)
    return totals


class SchedulerCounters:
    """Of one scheduler, over all its lives: what a killed one had told of stays counted."""

    def __init__(self) -> None:
        self._boot = ""
        self._before = Work()
        self._now = Work()

    @property
    def work(self) -> Work:
        """What was done so far."""
        return total((self._before, self._now))

    def absorb(self, stats: SchedulerStats) -> None:
        """Take what a life of it counts; that of the life before is added to those before."""
        if stats.boot != self._boot:
            self._boot, self._before = stats.boot, self.work
        self._now = work_of(stats)
