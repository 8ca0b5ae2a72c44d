"""What request handlers work with."""

import asyncio
from typing import NamedTuple

from aiohttp import web
from redis.asyncio import Redis

from argusd.ingest.ice_servers import IceServer

from .affinity import Affinity
from .auth import Access
from .bell import Bell
from .config import ApiConfig
from .errors import Draining
from .history import History
from .inference import Inference
from .journal import Journal
from .lifecycle import Lifecycle
from .rate_limit import RateLimit
from .readers import Readers
from .registry import Registry
from .reports import Reports
from .scheduler_link import SchedulerLink
from .schedulers import Schedulers
from .sessions import Sessions
from .streams.live import LiveStreams
from .workers import Workers


class Context(NamedTuple):
    """The parts of one running api.

    ``stop`` is set when it is about to end. ``ice_servers``: those that clients are told of.
    ``scheduler`` is the one of ``schedulers`` that watches sessions.
    """

    config: ApiConfig
    stop: asyncio.Event
    access: Access
    bell: Bell
    readers: Readers
    redis: Redis
    journal: Journal
    history: History
    registry: Registry
    lifecycle: Lifecycle
    sessions: Sessions
    streams: LiveStreams
    reports: Reports
    workers: Workers
    schedulers: Schedulers
    scheduler: SchedulerLink
    affinity: Affinity
    inference: Inference
    posts_by_remote: RateLimit
    posts_by_session: RateLimit
    ice_servers: tuple[IceServer, ...]

    def check_accepting(self) -> None:
        """Turn new work away while the api is about to end.

        Raises:
            Draining: it is.
        """
        if self.stop.is_set():
            raise Draining("The daemon is about to stop; try again in a moment.")


CONTEXT = web.AppKey("context", Context)
