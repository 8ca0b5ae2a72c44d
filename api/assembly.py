"""The parts of one api, put together and not yet running."""

import asyncio
import secrets

from argusd.scheduler.tracing.traces import traces_of

from .access.auth import Access, limited
from .access.session_tokens import SessionTokens
from .access.shared_clock import SharedClock
from .access.signing_keys import SigningKeys
from .access.stamps import Stamps
from .access.tickets import Tickets
from .analysis.llm import Llm
from .config import ApiConfig
from .connections.room import Room
from .context import Context
from .events.event_log import EventLog
from .events.feeds import Feeds
from .events.history import History
from .events.news import News
from .events.readers import Readers
from .events.redis_store import Connections
from .evidence.keeper import EvidenceKeeper
from .hosts.claims import Claims
from .hosts.door import Door
from .hosts.hosts import Hosts
from .hosts.relay import Relay
from .hosts.standing import standing
from .hosts.undertaker import Undertaker
from .http.rate_limit import RateLimit
from .intake import Intake
from .reviews.waiting import WaitingReviews
from .sessions.actions import SessionActions
from .sessions.half_open import HalfOpen
from .sessions.lifecycle import Lifecycle
from .sessions.registry import Registry
from .sessions.reports import Reports
from .store.erasure import Erasure
from .store.opening import Store
from .store.unreadable import Unreadable
from .streams.arena_server import ArenaServer
from .streams.live import StreamSockets
from .tasks.inference import Inference
from .tasks.room_scans import RoomScans
from .webhooks.webhooks import Webhooks
from .workers.affinity import Affinity
from .workers.ingest_workers import Workers
from .workers.schedulers import Schedulers


def put_together(config: ApiConfig, stop: asyncio.Event, store: Store, arena: ArenaServer) -> Context:
    """All parts, wired and not yet running."""
    redis = store.connections.requests
    feeds = Feeds(History(store.connections.readers))
    cluster = config.cluster
    claims = Claims(redis, cluster.host_id) if cluster else None
    affinity = Affinity(redis, cluster.host_id if cluster else "")
    schedulers = Schedulers(config, affinity)
    workers = Workers(config)
    unreadable = Unreadable(redis, config.retention_s)
    registry = Registry(redis, config, unreadable, claims)
    intake = Intake(stop, registry.__contains__ if cluster else None)
    boot = f"api-{secrets.token_hex(8)}"
    event_log = EventLog(
        store.connections.log, config, feeds, boot, schedulers.acknowledge, unreadable, claims
    )
    evidence = EvidenceKeeper(config, registry, event_log, redis)
    lifecycle = Lifecycle(event_log, workers, schedulers, evidence)
    streams = StreamSockets(config, lifecycle, arena)
    history = History(redis)
    waiting_reviews = WaitingReviews(redis)
    event_log.violations_changed = waiting_reviews.changed
    erasure = Erasure(redis, store.server, config.retention_s)
    stamps = Stamps(redis)
    clock = SharedClock()
    session_tokens = SessionTokens(SigningKeys(redis, clock), stamps, limited(config.requests_per_minute))
    scans = RoomScans(redis, unreadable, erasure)
    traces = traces_of("api", config.traces_url, config.traces_share)

    context = Context(
        config=config,
        stop=stop,
        told=asyncio.Event(),
        intake=intake,
        access=Access(config, session_tokens),
        session_tokens=session_tokens,
        stamps=stamps,
        tickets=Tickets(redis),
        feeds=feeds,
        readers=Readers(config.max_event_readers, config.max_event_readers_per_client),
        redis=redis,
        embedded_redis=store.server,
        unreadable=unreadable,
        erasure=erasure,
        event_log=event_log,
        history=history,
        waiting_reviews=waiting_reviews,
        webhooks=Webhooks(config, redis, feeds),
        registry=registry,
        lifecycle=lifecycle,
        sessions=SessionActions(
            registry, lifecycle, event_log, history, workers, streams, affinity, scans, erasure, evidence
        ),
        streams=streams,
        reports=Reports(registry, lifecycle, event_log, workers, schedulers, streams, evidence),
        workers=workers,
        schedulers=schedulers,
        evidence=evidence,
        inference=Inference(intake, schedulers, Llm(config.llm, config.llm_concurrency), scans, traces),
        traces=traces,
        room=Room(config),
        posts_by_client=RateLimit(config.whip_posts_per_minute),
        posts_by_session=RateLimit(config.whip_posts_per_minute_and_session),
        half_open=HalfOpen(registry, config.whip_half_open_per_client),
        ice_servers=tuple(server.with_credential() for server in config.ice_servers or ()),
    )
    return context if claims is None else among_others(context, claims, store.connections, clock)


def among_others(context: Context, claims: Claims, connections: Connections, clock: SharedClock) -> Context:
    """The context with what one of several hosts has beside it."""
    cluster = context.config.cluster
    assert cluster, "who claims sessions is one of several"
    assert cluster.url, "the table is in force where it is set"
    hosts = Hosts(context.redis, cluster.host_id, cluster.url, lambda: standing(context), clock)
    context.intake.cut_off = lambda: hosts.trouble if hosts.cut_off else None
    return context._replace(
        door=Door(hosts, claims, Relay(context.tickets)),
        news=News(connections.news, context.history, context.feeds, claims),
        undertaker=Undertaker(context.redis, hosts, claims, context.registry),
    )
