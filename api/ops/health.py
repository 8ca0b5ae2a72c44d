"""``/health``: the api runs, and how it sees each worker. Whether the daemon can do its work: ``/ready``."""

import time
from collections.abc import Iterator
from typing import Literal

import msgspec
from aiohttp import web

from argusd.scheduler.contract.tiers import Tier

from ..context import CONTEXT, Context
from ..http.envelope import json_reply
from ..workers.breaker import State
from ..workers.ingest_link import IngestLink
from ..workers.schedulers import SchedulerWorker


class WorkerHealth(msgspec.Struct, frozen=True):
    """One worker. ``alive``: connected, and heard of within the last seconds.

    ``ready``: and everything that it has to do its work with is there. ``boot`` names this life of a
    scheduler, null while it is away. ``breaker``: whether tasks are sent to it; null where none ever is.
    ``sessions``, ``tasks``: what it is at work for. ``load``: how full it is by the sessions that it can
    hold, 0..1; null where it holds none, or is away.
    """

    worker_id: str
    kind: Literal["ingest", "live", "bulk"]
    alive: bool
    ready: bool
    breaker: State | None
    sessions: int
    tasks: int
    load: float | None
    boot: str | None = None


class Health(msgspec.Struct, frozen=True):
    """The body of ``/health``."""

    status: Literal["ok"]
    workers: list[WorkerHealth]


async def health(request: web.Request) -> web.Response:
    """Say that the api runs and how each worker is; always 200."""
    return json_reply(Health("ok", list(workers_of(request.app[CONTEXT]))))


def workers_of(context: Context) -> Iterator[WorkerHealth]:
    """Every worker, as it stands now."""
    yield from map(ingest_health, context.workers)
    now = time.monotonic()
    for tier in context.schedulers.tiers:
        for worker in context.schedulers.workers(tier):
            yield scheduler_health(worker, tier, now)


def ingest_health(link: IngestLink) -> WorkerHealth:
    """An ingest worker, as it stands now."""
    stats = link.stats if link.healthy else None
    if stats is None:
        return WorkerHealth(link.name, "ingest", False, False, None, 0, 0, None)
    load = round(link.load, 3)
    return WorkerHealth(link.name, "ingest", True, stats.reachable, None, stats.sessions, 0, load)


def scheduler_health(worker: SchedulerWorker, tier: Tier, now: float) -> WorkerHealth:
    """A scheduler, as it stands now."""
    link, breaker = worker.link, worker.breaker.state(now)
    sessions, stats = len(link.watched), link.stats if link.healthy else None
    if stats is None:
        return WorkerHealth(link.name, tier, False, False, breaker, sessions, link.tasks.open, None)
    ready = all(role.ready for role in stats.roles if role.live or tier == "bulk")
    room = sessions + max(0, stats.fits_more)
    load = None if tier == "bulk" else round(sessions / room, 3) if room else 1.0
    return WorkerHealth(link.name, tier, True, ready, breaker, sessions, link.tasks.open, load, stats.boot)
