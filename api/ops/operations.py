"""``/operations``: all that an operator watches, as a page, and as the JSON that the page shows.

Every figure is the one of ``/ready``, ``/health`` and ``/metrics``, in one answer.
"""

import time

import msgspec
from aiohttp import web

from argusd.scheduler.contract.messages import Histogram

from ..context import CONTEXT, Context
from ..hosts.beats import HostView
from ..hosts.listing import host_views
from ..http.envelope import json_reply
from ..webhooks.webhooks import WebhookView
from ..workers.scheduler_counters import total
from .health import WorkerHealth, workers_of
from .readiness import Readiness, readiness_of


class Operations(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``/operations.json``; ``at``: unix seconds.

    ``sessions``: those with media; ``tasks``: those at work. ``batch_size`` (items) and ``batch_seconds`` by
    model, ``frame_age_seconds`` by stream: counted since the daemon began, so that two answers tell what
    happened between them. ``hosts``: those that share the Redis, none where this one is alone.
    """

    at: float
    readiness: Readiness
    sessions: int
    tasks: int
    workers: list[WorkerHealth]
    batch_size: dict[str, Histogram]
    batch_seconds: dict[str, Histogram]
    frame_age_seconds: dict[str, Histogram]
    webhooks: list[WebhookView]
    hosts: list[HostView]


async def operations(request: web.Request) -> web.Response:
    """Tell how workers, models, webhooks and hosts are, and what they have done; always 200."""
    return json_reply(await operations_of(request.app[CONTEXT]))


async def operations_of(context: Context) -> Operations:
    """Everything, as it stands now."""
    work = total(worker.link.counters.work for worker in context.schedulers)
    return Operations(
        at=time.time(),
        readiness=await readiness_of(context, ("live",)),
        sessions=sum(session.active for session in context.registry),
        tasks=context.inference.at_work,
        workers=list(workers_of(context)),
        batch_size=dict(work.batch_size),
        batch_seconds=dict(work.infer_seconds),
        frame_age_seconds=dict(work.frame_age_seconds),
        webhooks=context.webhooks.views(),
        hosts=await host_views(context),
    )
