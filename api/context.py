"""What request handlers work with."""

import asyncio
from typing import NamedTuple

from aiohttp import web
from redis.asyncio import Redis

from argusd.ingest.ice.ice_servers import IceServer
from argusd.scheduler.tracing.traces import Traces

from .access.auth import Access
from .access.session_tokens import SessionTokens
from .access.stamps import Stamps
from .access.tickets import Tickets
from .config import ApiConfig
from .connections.room import Room
from .events.event_log import EventLog
from .events.feeds import Feeds
from .events.history import History
from .events.news import News
from .events.readers import Readers
from .evidence.keeper import EvidenceKeeper
from .hosts.door import Door
from .hosts.hosts import Hosts
from .hosts.undertaker import Undertaker
from .http.rate_limit import RateLimit
from .intake import Intake
from .reviews.waiting import WaitingReviews
from .sessions.actions import SessionActions
from .sessions.half_open import HalfOpen
from .sessions.lifecycle import Lifecycle
from .sessions.registry import Registry
from .sessions.reports import Reports
from .store.embedded_redis import EmbeddedRedis
from .store.erasure import Erasure
from .store.unreadable import Unreadable
from .streams.live import StreamSockets
from .tasks.inference import Inference
from .webhooks.webhooks import Webhooks
from .workers.ingest_workers import Workers
from .workers.schedulers import Schedulers


class Context(NamedTuple):
    """The parts of one running api.

    ``stop`` is set when it is about to end, ``told`` when everything that happened until then is stored.
    ``ice_servers``: those that clients are told of. ``door`` and what stands below it are
    None while this host is the only one.
    """

    config: ApiConfig
    stop: asyncio.Event
    told: asyncio.Event
    intake: Intake
    access: Access
    session_tokens: SessionTokens
    stamps: Stamps
    tickets: Tickets
    feeds: Feeds
    readers: Readers
    redis: Redis
    embedded_redis: EmbeddedRedis | None
    unreadable: Unreadable
    erasure: Erasure
    event_log: EventLog
    history: History
    waiting_reviews: WaitingReviews
    webhooks: Webhooks
    registry: Registry
    lifecycle: Lifecycle
    sessions: SessionActions
    streams: StreamSockets
    reports: Reports
    workers: Workers
    schedulers: Schedulers
    evidence: EvidenceKeeper
    inference: Inference
    traces: Traces
    room: Room
    posts_by_client: RateLimit
    posts_by_session: RateLimit
    half_open: HalfOpen
    ice_servers: tuple[IceServer, ...]
    door: Door | None = None
    news: News | None = None
    undertaker: Undertaker | None = None

    @property
    def hosts(self) -> Hosts | None:
        """This host among others; None while it is the only one."""
        return self.door.hosts if self.door else None

    @property
    def host_id(self) -> str | None:
        """This host's id among others; None while it is the only one."""
        return self.door.host_id if self.door else None

    @property
    def fits_more(self) -> int | None:
        """Sessions that can be served in time and have room; None while no live scheduler is there."""
        served, held = self.schedulers.fits_more, self.workers.fits_more
        return served if served is None or held is None else min(served, held)

    def check_taken(self, session_id: str) -> None:
        """Turn what begins a session away while nothing new is taken; a live one's may change.

        Raises:
            Draining: nothing new is taken.
        """
        self.intake.check(goes_on=self.registry.is_live(session_id))

    async def check_known(self, session_id: str) -> None:
        """Know the session, be it another host's.

        Raises:
            SessionNotFound: there is none.
        """
        if self.door is None or not await self.history.is_session(session_id):
            self.registry.get(session_id)


CONTEXT = web.AppKey("context", Context)
