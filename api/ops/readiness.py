"""``/ready``: the daemon can do its work, or why not.

Each tier is ready by itself: ``live`` when sessions are served, ``bulk`` when every one-shot task has a
worker. That takes longer; who needs it asks for ``/ready?tiers=live,bulk``.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated, get_args

import msgspec
from aiohttp import web

from argusd.scheduler.contract.catalog import PUBLIC_TASKS, STREAMS
from argusd.scheduler.contract.errors import InvalidField, NotReady
from argusd.scheduler.contract.messages import RoleStatus
from argusd.scheduler.contract.names import ENDS
from argusd.scheduler.contract.tiers import Tier

from ..context import CONTEXT, Context
from ..events.redis_store import silence
from ..http.envelope import json_reply, refusal
from ..http.query import parameter
from ..store.troubles import SILENT
from ..workers.scheduler_link import SchedulerLink

TIER = f"({'|'.join(get_args(Tier))})"
Tiers = Annotated[str, msgspec.Meta(pattern=f"^({TIER}(,{TIER})*)?{ENDS}")]


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


class TierReadiness(msgspec.Struct, frozen=True):
    """Whether a tier can do its work; ``reasons`` is empty exactly when it can."""

    ready: bool
    reasons: list[str]


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``/ready``. ``ready``, ``reasons``: of the tiers that were asked for, by default ``live``.

    A role is ready when a real inference of its model has succeeded. ``degraded`` names what only some
    one-shot tasks or some sessions miss; a role that has no model gets none by waiting. ``device``: that of
    the first live scheduler which is there. ``streams``, ``tasks``: whether each is served now.
    ``error_code`` and ``error`` are there only while not ready.
    """

    ready: bool
    reasons: list[str]
    live: TierReadiness
    bulk: TierReadiness
    degraded: list[str]
    device: str | None
    roles: list[RoleStatus]
    workers: list[WorkerStatus]
    schedulers: list[SchedulerStatus]
    streams: dict[str, bool]
    tasks: dict[str, bool]
    redis: bool
    buffered_events: int
    fits_more: int | None
    error_code: str | msgspec.UnsetType = msgspec.UNSET
    error: str | msgspec.UnsetType = msgspec.UNSET


async def ready(request: web.Request) -> web.Response:
    """Say whether the tiers that are asked for can do their work: 200, or 503 with the reasons."""
    readiness = await readiness_of(request.app[CONTEXT], tiers_asked_for(request))
    return json_reply(readiness) if readiness.ready else refusal(readiness, NotReady)


def tiers_asked_for(request: web.Request) -> list[str]:
    """The tiers that the query names.

    Raises:
        InvalidField: it names another.
    """
    names = (parameter(request, "tiers") or "live").split(",")
    if not set(names) <= set(get_args(Tier)):
        raise InvalidField(f"The parameter tiers must be one or more of {','.join(get_args(Tier))}.")
    return names


async def readiness_of(context: Context, asked_for: Iterable[str]) -> Readiness:
    """Ask everyone how they are."""
    silent = await silence(context.redis)
    found = {"live": list(live_lacks(context, silent)), "bulk": list(bulk_lacks(context))}
    reasons = list(dict.fromkeys(reason for tier in asked_for for reason in found[tier]))
    healthy = list(context.schedulers.healthy.values())
    return Readiness(
        ready=not reasons,
        reasons=reasons,
        **{tier: TierReadiness(not lacks, lacks) for tier, lacks in found.items()},
        degraded=list(degraded(context)),
        device=healthy[0].device if healthy else None,
        roles=roles(context),
        workers=worker_statuses(context),
        schedulers=scheduler_statuses(context),
        streams=streams_served(context),
        tasks=tasks_served(context),
        redis=silent is None,
        buffered_events=context.event_log.buffered,
        fits_more=context.fits_more,
        error_code=NotReady.code if reasons else msgspec.UNSET,
        error=f"Not ready: {'; '.join(reasons)}." if reasons else msgspec.UNSET,
    )


def live_lacks(context: Context, silent: str | None) -> Iterator[str]:
    """Why sessions cannot be served. ``silent``: why Redis does not answer, if it does not."""
    yield from stopping(context)
    yield from media_lack(context)
    if why := store_lacks(context, silent):
        yield f"{why}; events wait in memory"


def media_lack(context: Context) -> Iterator[str]:
    """Why nobody takes or watches media, whatever else goes on."""
    yield from (f"{each.worker_id} does not answer" for each in worker_statuses(context) if not each.ready)
    for link in context.workers:
        if link.stats is not None and not link.stats.reachable:
            yield f"{link.name} has no address to receive media at"
    yield from away(context, "live")
    healthy = context.schedulers.healthy.values()
    lacking = not_ready(role for stats in healthy for role in stats.roles if role.live)
    yield from dict.fromkeys(lacking)  # several may lack the same


def store_lacks(context: Context, silent: str | None) -> str | None:
    """Why events are not stored, or soon will not be; None while they are."""
    own = context.embedded_redis
    if own is not None and own.trouble:
        return own.trouble
    stalled = SILENT if context.event_log.stalled else None
    return context.event_log.refusal or silent or stalled


def bulk_lacks(context: Context) -> Iterator[str]:
    """Why one-shot tasks, slow ones included, have no worker to go to."""
    yield from stopping(context)
    yield from away(context, "live")
    yield from away(context, "bulk")


def stopping(context: Context) -> Iterator[str]:
    """That nothing new is taken, if it is so."""
    if why := context.intake.closed:
        yield f"{why[0].lower()}{why[1:]}"


def away(context: Context, tier: Tier) -> Iterator[str]:
    """The schedulers of a tier, where none of them is there."""
    links = context.schedulers.of(tier)
    if not any(link.healthy for link in links):
        yield from (f"{link.name} does not answer" for link in links)


def roles(context: Context) -> list[RoleStatus]:
    """Those of every scheduler; of a role that several have, the first one's."""
    found: dict[str, RoleStatus] = {}
    for worker in context.schedulers:
        if worker.link.healthy and worker.link.stats:
            found = {role.role: role for role in worker.link.stats.roles} | found
    return list(found.values())


def streams_served(context: Context) -> dict[str, bool]:
    """Of each stream, whether some live scheduler has the models that it cannot do without."""
    there = roles_there(context)
    watching = bool(context.schedulers.healthy)
    return {name: watching and there.issuperset(stream.required) for name, stream in STREAMS.items()}


def tasks_served(context: Context) -> dict[str, bool]:
    """Of each one-shot task, whether a worker is there for it and all its roles have models."""
    there = roles_there(context)
    tiers = {tier for tier in get_args(Tier) if any(link.healthy for link in context.schedulers.of(tier))}
    return {
        name: (task.tier is None or task.tier in tiers) and there.issuperset(task.roles)
        for name, task in PUBLIC_TASKS.items()
    }


def roles_there(context: Context) -> frozenset[str]:
    """The roles that are ready somewhere."""
    return frozenset(role.role for role in roles(context) if role.ready)


def degraded(context: Context) -> Iterator[str]:
    """What some tasks or sessions miss; while no live scheduler is there, that is a reason."""
    yield from full_arenas(context)
    for worker in context.schedulers:
        alone = worker.link.name in context.schedulers.live and not context.schedulers.healthy
        if not worker.link.healthy and not alone:
            yield f"{worker.link.name} does not answer"
    yield from not_ready(role for role in roles(context) if not role.live)
    yield from context.webhooks.failing()
    yield from context.evidence.lacks()
    own = context.embedded_redis
    if own is not None and own.file.lost:
        yield "the sessions and events that were stored are lost: the embedded Redis' file was damaged"
    if unreadable := context.unreadable.counts.total():
        yield f"{unreadable} of what was stored could not be read and is set aside"


def full_arenas(context: Context) -> Iterator[str]:
    """Where shared memory is used up: for whoever comes, and for tracks that are there."""
    for link in context.workers:
        if link.stats is not None and not link.stats.arena_fits_more:
            yield f"{link.name} has no room in shared memory for another session: raise ingest.arena_mib"
    if not context.streams.has_room:
        yield "the api has no room in shared memory for another stream: raise api.arena_mib"
    tracks = [track for each in context.registry if each.media and each.active for track in each.media.tracks]
    if starved := sum(track.reason == "arena_full" for track in tracks):
        yield f"{starved} tracks bring pictures that find no room in shared memory: raise ingest.arena_mib"


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
