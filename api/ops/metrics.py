"""``/metrics``: the figures of every process, in Prometheus' text format.

The scheduler and the workers count; what they report each second is rendered here as it is. So nothing is
kept in prometheus_client's own counters, only its exposition is used, through a collector.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from argusd.scheduler.contract.messages import Histogram, SchedulerStats

from ..context import CONTEXT, Context
from ..evidence.keeper import EvidenceKeeper
from ..hosts.hosts import Hosts
from ..store.append_only_file import CUT, LOST
from ..workers.scheduler_counters import Work, total
from .track_figures import track_figures
from .webhook_figures import webhook_figures

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# A reader that came too late for a slot or for samples of a ring counts them so (scheduler/report/meters.py).
OVERRUN_REASONS = ("torn", "gap")


async def metrics(request: web.Request) -> web.Response:
    """Show all figures to Prometheus."""
    registry = CollectorRegistry()
    registry.register(Figures(request.app[CONTEXT]))
    return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE})


class Figures(Collector):
    """Everything that is known now."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def collect(self) -> Iterator[Metric]:
        """Yield all families."""
        yield from own_figures(self._context)
        yield from host_figures(self._context.hosts)
        yield from evidence_figures(self._context.evidence)
        yield from webhook_figures(self._context.webhooks.views())
        yield from ingest_figures(self._context)
        yield from track_figures(self._context.registry, self._context.workers.receptions)
        yield from task_figures(self._context)
        links = [worker.link for worker in self._context.schedulers]
        known = [link.stats for link in links if link.stats is not None]
        yield from load_figures(known, self._context)
        yield from model_figures(known)
        yield from work_figures(total(link.counters.work for link in links), known)


def own_figures(context: Context) -> Iterator[Metric]:
    """The api's own."""
    active = sum(session.active for session in context.registry)
    yield GaugeMetricFamily("ml_sessions", "Sessions with media", value=active)
    event_log = context.event_log
    yield CounterMetricFamily("ml_events_stored", "Events stored by this api", value=event_log.stored_events)
    yield CounterMetricFamily(
        "ml_events_lost", "Findings lost while Redis was away, told as gaps", value=event_log.lost_events
    )
    yield GaugeMetricFamily("ml_events_buffered", "Events that wait for Redis", value=event_log.buffered)
    yield from store_figures(context)
    if context.hosts is not None:
        yield CounterMetricFamily(
            "ml_events_fenced",
            "Events that were refused since another host holds their session",
            value=event_log.fenced_events,
        )
    readers = context.readers
    yield GaugeMetricFamily("ml_event_readers", "Open event streams", value=readers.reading)
    yield CounterMetricFamily(
        "ml_event_readers_cut_off", "Event streams ended because their reader lagged", value=readers.cut_off
    )
    up = GaugeMetricFamily("ml_worker_health", "1 while the process answers", labels=["worker_id"])
    for link in context.workers:
        up.add_metric([link.name], float(link.healthy))
    for worker in context.schedulers:
        up.add_metric([worker.link.name], float(worker.link.healthy))
    yield up


def host_figures(hosts: Hosts | None) -> Iterator[Metric]:
    """This host among those that share its Redis; nothing of one that is alone."""
    if hosts is None:
        return
    yield GaugeMetricFamily("ml_host_load", "How full this host is, 0..1", value=hosts.me.load)
    yield GaugeMetricFamily("ml_hosts", "Hosts that were there at the newest beat", value=hosts.count)
    yield GaugeMetricFamily(
        "ml_host_clock_ahead_seconds", "How far its clock is ahead of Redis'", value=hosts.clock.off_s
    )


def evidence_figures(evidence: EvidenceKeeper) -> Iterator[Metric]:
    """What became of violations' evidence."""
    ended = CounterMetricFamily(
        "ml_evidence", "Evidence that was finished, or why it failed", labels=["state", "reason"]
    )
    for (state, reason), count in evidence.ended.items():
        ended.add_metric([state, reason], count)
    yield ended
    if evidence.recorder.stats is not None:
        size = evidence.recorder.stats.nbytes
        yield GaugeMetricFamily("ml_evidence_bytes", "What evidence takes of the disk", value=size)


def store_figures(context: Context) -> Iterator[Metric]:
    """What was damaged in the store; and of a Redis of our own, whether it runs."""
    unreadable = CounterMetricFamily(
        "ml_store_unreadable", "What was stored, could not be read and is set aside", labels=["what"]
    )
    for what, count in context.unreadable.counts.items():
        unreadable.add_metric([what], count)
    yield unreadable
    own = context.embedded_redis
    if own is None:
        return
    yield GaugeMetricFamily("ml_store_running", "1 while the embedded Redis runs", value=own.running.is_set())
    repairs = CounterMetricFamily(
        "ml_store_repairs", "Damaged files whose end was cut, or that were lost", labels=["outcome"]
    )
    for outcome in (CUT, LOST):
        repairs.add_metric([outcome], own.repairs[outcome])
    yield repairs


def ingest_figures(context: Context) -> Iterator[Metric]:
    """The ingest workers'."""
    frames = CounterMetricFamily("ml_ingest_frames", "Frames or packets", labels=["worker_id", "kind"])
    dropped = CounterMetricFamily(
        "ml_ingest_dropped", "What was not written, and why", labels=["worker_id", "kind", "reason"]
    )
    free = GaugeMetricFamily("ml_arena_free_bytes", "Free shared memory", labels=["worker_id"])
    lag = GaugeMetricFamily("ml_ingest_loop_lag_ms", "How late the worker's loop runs", labels=["worker_id"])
    for link in context.workers:
        for kind, count in link.counters.frames.items():
            frames.add_metric([link.name, kind], count)
        for (track, reason), count in link.counters.dropped.items():
            dropped.add_metric([link.name, track, reason], count)
        if link.stats is not None:
            free.add_metric([link.name], link.stats.arena_free_bytes)
            lag.add_metric([link.name], link.stats.loop_lag_ms)
    yield from (frames, dropped, free, lag)


def load_figures(known: Sequence[SchedulerStats], context: Context) -> Iterator[Metric]:
    """How much the schedulers have to do, and how much more they could."""
    active = GaugeMetricFamily("ml_active_sessions", "Sessions being watched", labels=["stream_type"])
    for stream in sorted({stream for stats in known for stream in stats.active_sessions}):
        active.add_metric([stream], sum(stats.active_sessions.get(stream, 0) for stats in known))
    yield active
    fit_more = context.fits_more
    if fit_more is not None:
        scale = min(stats.rate_scale for stats in context.schedulers.healthy.values())
        yield GaugeMetricFamily("ml_sessions_fit_more", "Sessions that still fit", value=fit_more)
        yield GaugeMetricFamily("ml_rate_scale", "Share of the wanted rates that all keep", value=scale)


def task_figures(context: Context) -> Iterator[Metric]:
    """One-shot tasks: what callers waited, and how much of it was the way."""
    inference = context.inference
    waited = {task: meter.snapshot() for task, meter in inference.seconds.items()}
    yield histograms("ml_infer_duration_seconds", "A task, as its caller waits", "task_type", waited)
    ways = {domain: meter.snapshot() for domain, meter in inference.dispatch_ms.items()}
    yield histograms("ml_orchestrator_dispatch_latency_ms", "To the worker and back", "service", ways)
    refused = CounterMetricFamily("ml_infer_refused", "Tasks without a result", labels=["task_type", "code"])
    for (task, code), count in inference.refused.items():
        refused.add_metric([task, code], count)
    yield refused
    at_work = GaugeMetricFamily("ml_tasks_at_work", "Tasks that wait for an answer", labels=["worker_id"])
    resting = GaugeMetricFamily("ml_breaker_open", "1 while a worker gets a rest", labels=["worker_id"])
    for worker in context.schedulers:
        at_work.add_metric([worker.link.name], worker.link.tasks.open)
        resting.add_metric([worker.link.name], float(worker.breaker.state(time.monotonic()) != "closed"))
    yield from (at_work, resting)


def model_figures(known: Sequence[SchedulerStats]) -> Iterator[Metric]:
    """Every model; of one that several schedulers have, the longest load and whether it is ready in all."""
    seconds: dict[str, float] = {}
    readiness: dict[tuple[str, str], bool] = {}
    for role in (role for stats in known for role in stats.roles):
        seconds[role.model] = max(role.load_seconds, seconds.get(role.model, 0.0))
        readiness[role.role, role.model] = role.ready and readiness.get((role.role, role.model), True)
    loaded = GaugeMetricFamily("ml_model_load_seconds", "Time to load and warm up", labels=["model"])
    for model, longest in seconds.items():
        loaded.add_metric([model], longest)
    yield loaded
    ready = GaugeMetricFamily("ml_role_ready", "1 after a real inference", labels=["role", "model"])
    for (name, model), in_all in readiness.items():
        ready.add_metric([name, model], float(in_all))
    yield ready


def work_figures(work: Work, known: Sequence[SchedulerStats]) -> Iterator[Metric]:
    """What all schedulers have done; a model that several have loaded counts for all of them."""
    yield histograms("ml_model_batch_seconds", "One batch", "model", work.infer_seconds)
    yield histograms("ml_batch_size", "Items in a batch", "model", work.batch_size)
    served = CounterMetricFamily("ml_served", "Results", labels=["role"])
    for role, count in work.served.items():
        served.add_metric([role], count)
    yield served
    reused = CounterMetricFamily(
        "ml_reused", "Results of pictures that were as an earlier one", labels=["role"]
    )
    for role, count in work.reused.items():
        reused.add_metric([role], count)
    yield reused
    dropped = CounterMetricFamily("ml_dropped", "What was passed over, and why", labels=["stream", "reason"])
    overruns = CounterMetricFamily(
        "ml_ring_overruns", "Slots or samples overwritten before they were used", labels=["stream"]
    )
    # A stream that lost nothing says so: an alarm on a figure that is absent never rings.
    for (stream, reason), count in work.dropped.items():
        dropped.add_metric([stream, reason], count)
    streams = {stream for stream, _ in work.dropped} | {
        each for stats in known for each in stats.active_sessions
    }
    for stream in sorted(streams):
        overruns.add_metric(
            [stream], sum(work.dropped.get((stream, reason), 0) for reason in OVERRUN_REASONS)
        )
    failures = CounterMetricFamily(
        "ml_stream_failures", "Streams that failed, and why", labels=["stream", "code"]
    )
    for (stream, code), count in work.stream_failures.items():
        failures.add_metric([stream, code], count)
    yield from (dropped, overruns, failures)
    yield histograms("ml_frame_age_seconds", "From arrival to result", "stream", work.frame_age_seconds)


def histograms(name: str, what: str, label: str, found: Mapping[str, Histogram]) -> HistogramMetricFamily:
    """One family, with a histogram for each label value."""
    family = HistogramMetricFamily(name, what, labels=[label])
    for value, histogram in found.items():
        family.add_metric([value], buckets(histogram), histogram.sum)
    return family


def buckets(histogram: Histogram) -> list[tuple[str, float]]:
    """Upper bounds and cumulative counts, the last one without a bound."""
    bounded: Iterable[tuple[float, int]] = zip(histogram.bounds, histogram.counts, strict=True)
    return [*((str(bound), float(count)) for bound, count in bounded), ("+Inf", float(histogram.count))]
