"""``/health``: the process runs. ``/ready``: the whole daemon can do its work, or why not."""

from collections.abc import Iterable, Iterator

import msgspec
from aiohttp import web

from argusd.scheduler.contract.messages import RoleStatus

from ..context import CONTEXT, Context
from ..events.redis_store import answers
from ..http.envelope import json_reply
from ..workers.scheduler_link import SchedulerLink


class Health(msgspec.Struct, frozen=True):
    """The body of ``/health``."""

    status: str


class WorkerStatus(msgspec.Struct, frozen=True):
    """One ingest worker. ``load``: how full it is, 0..1."""

    worker_id: str
    ready: bool
    sessions: int
    load: float


class SchedulerStatus(msgspec.Struct, frozen=True):
    """One scheduler. ``device``, ``fits_more``, ``rate_scale``: as it told last; null while it is away.

    ``sessions``: how many publishers' media and WebSocket streams it watches, or is to watch when it is back.
    ``rate_scale``: the share of the wanted rates that it keeps.
    """

    worker_id: str
    ready: bool
    sessions: int
    device: str | None
    fits_more: int | None
    rate_scale: float | None


class Readiness(msgspec.Struct, frozen=True):
    """The body of ``/ready``. ``reasons`` is empty exactly when ``ready``: then sessions can be served.

    A role is ready when a real inference of its model has succeeded. ``degraded`` names what only some
    one-shot tasks or some sessions miss. ``device``: that of the first live scheduler which is there.
    """

    ready: bool
    reasons: list[str]
    degraded: list[str]
    device: str | None
    roles: list[RoleStatus]
    workers: list[WorkerStatus]
    schedulers: list[SchedulerStatus]
    redis: bool
    buffered_events: int
    fits_more: int | None


async def health(_request: web.Request) -> web.Response:
    """Say that the process runs and takes requests."""
    return json_reply(Health("ok"))


async def ready(request: web.Request) -> web.Response:
    """Say whether the daemon can do its work: 200, or 503 with the reasons."""
    readiness = await readiness_of(request.app[CONTEXT])
    reply = json_reply(readiness, 200 if readiness.ready else 503)
    if not readiness.ready:
        reply.headers["Retry-After"] = "2"
    return reply


async def readiness_of(context: Context) -> Readiness:
    """Ask everyone how they are."""
    workers = worker_statuses(context)
    redis = await answers(context.redis)
    live = list(context.schedulers.healthy.values())
    reasons = ["the daemon is about to stop"] if context.stop.is_set() else []
    reasons += [f"{each.worker_id} does not answer" for each in workers if not each.ready]
    reasons += [
        f"{link.name} has no address to receive media at"
        for link in context.workers
        if link.stats is not None and not link.stats.reachable
    ]
    if live:
        reasons += not_ready(role for role in roles(context) if role.live)
    else:
        reasons += [f"{name} does not answer" for name in context.schedulers.live]
    if not redis or context.event_log.stalled:
        reasons.append("Redis does not answer; events wait in memory")
    return Readiness(
        ready=not reasons,
        reasons=reasons,
        degraded=list(degraded(context)),
        device=live[0].device if live else None,
        roles=roles(context),
        workers=workers,
        schedulers=scheduler_statuses(context),
        redis=redis,
        buffered_events=context.event_log.buffered,
        fits_more=context.schedulers.fits_more,
    )


def roles(context: Context) -> list[RoleStatus]:
    """Those of every scheduler; of a role that several have, the first one's."""
    found: dict[str, RoleStatus] = {}
    for worker in context.schedulers:
        if worker.link.healthy and worker.link.stats:
            found = {role.role: role for role in worker.link.stats.roles} | found
    return list(found.values())


def degraded(context: Context) -> Iterator[str]:
    """What some tasks or sessions miss; while no live scheduler is there, that is a reason."""
    for worker in context.schedulers:
        alone = worker.link.name in context.schedulers.live and not context.schedulers.healthy
        if not worker.link.healthy and not alone:
            yield f"{worker.link.name} does not answer"
    yield from not_ready(role for role in roles(context) if not role.live)


def not_ready(found: Iterable[RoleStatus]) -> list[str]:
    """A sentence for each role that has no model."""
    return [f"{role.role} is not ready: {role.detail}" for role in found if not role.ready]


def worker_statuses(context: Context) -> list[WorkerStatus]:
    """Each ingest worker, as it stands now."""
    return [
        WorkerStatus(link.name, link.healthy, link.stats.sessions if link.stats else 0, round(link.load, 3))
        for link in context.workers
    ]


def scheduler_statuses(context: Context) -> list[SchedulerStatus]:
    """Each scheduler, as it stands now."""
    return [scheduler_status(worker.link) for worker in context.schedulers]


def scheduler_status(link: SchedulerLink) -> SchedulerStatus:
    """A scheduler, as it stands now."""
    stats = link.stats if link.healthy else None
    if stats is None:
        return SchedulerStatus(link.name, False, len(link.watched), None, None, None)
    return SchedulerStatus(
        link.name, True, len(link.watched), stats.device, stats.fits_more, stats.rate_scale
    )
