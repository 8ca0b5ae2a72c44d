"""The api process: its parts put together, started and ended in order."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any

from aiohttp import web
from redis.asyncio import Redis

from .access_log import AccessLog
from .affinity import Affinity
from .analysis.llm import Llm
from .auth import Access, check_bind
from .authenticate import authentication
from .bell import Bell
from .browsers import add_browser_headers, browser_rules
from .config import ApiConfig
from .context import CONTEXT, Context
from .embedded_redis import EmbeddedRedis
from .envelope import error_envelope
from .hang_ups import hang_ups
from .history import History
from .in_flight import InFlight
from .inference import Inference
from .journal import Journal
from .lifecycle import Lifecycle
from .rate_limit import RateLimit
from .readers import Readers
from .redis_store import connect, wait_until_up
from .registry import Registry
from .reports import Reports
from .room_scans import RoomScans
from .routes import ROUTES
from .schedulers import Schedulers
from .sessions import Sessions
from .streams.arena_server import WRITER, ArenaServer, serving_arena
from .streams.live import LiveStreams
from .workers import Workers

log = logging.getLogger(__name__)

STORE_REST_S = 5.0


async def run_api(config: ApiConfig, stop: asyncio.Event, on_ready: Callable[[], None]) -> None:
    """Serve until ``stop`` is set. ``on_ready`` is called when requests are taken.

    Raises:
        InsecureBind: the address needs a token.
        RedisNotStarted: the store is not there.
        CredentialUnreadable: the credential of an ICE server cannot be read.
        OSError: the port cannot be had.
    """
    check_bind(config)
    async with opened_store(config) as redis, serving_arena(config) as arena:
        context = put_together(config, stop, redis, arena)
        await context.registry.load()
        context.reports.worker_gone(WRITER)  # streams that an earlier api had are over
        async with background(context) as ended, serving(context):
            log.info("listening on http://%s:%d", config.host, config.port)
            on_ready()
            ended.add_done_callback(lambda _: stop.set())
            await stop.wait()


def put_together(config: ApiConfig, stop: asyncio.Event, redis: Redis, arena: ArenaServer) -> Context:
    """All parts, wired and not yet running."""
    bell = Bell()
    affinity = Affinity(redis)
    schedulers = Schedulers(config.runtime_dir, affinity)
    scheduler = schedulers.live
    workers = Workers(config)
    registry = Registry(redis, config)
    journal = Journal(redis, config, bell, f"api-{secrets.token_hex(8)}", scheduler.acknowledge)
    lifecycle = Lifecycle(journal, scheduler)
    streams = LiveStreams(config, lifecycle, arena)
    history = History(redis)
    return Context(
        config=config,
        stop=stop,
        access=Access(config),
        bell=bell,
        readers=Readers(),
        redis=redis,
        journal=journal,
        history=history,
        registry=registry,
        lifecycle=lifecycle,
        sessions=Sessions(registry, lifecycle, journal, history, scheduler, workers, streams, affinity),
        streams=streams,
        reports=Reports(registry, lifecycle, journal, workers, streams),
        workers=workers,
        schedulers=schedulers,
        scheduler=scheduler,
        affinity=affinity,
        inference=Inference(
            schedulers,
            Llm(config.llm, config.llm_concurrency),
            RoomScans(redis),
            config.max_task_bytes,
        ),
        posts_by_remote=RateLimit(config.whip_posts_per_minute),
        posts_by_session=RateLimit(config.whip_posts_per_minute_and_session),
        ice_servers=tuple(server.with_credential() for server in config.ice_servers or ()),
    )


def make_app(context: Context, in_flight: InFlight) -> web.Application:
    """The aiohttp application: middlewares from the outside in, then the routes."""
    public = frozenset[object](route.handler for route in ROUTES if route.public)
    by_body = frozenset[object](route.handler for route in ROUTES if route.session_in_body)
    app = web.Application(
        middlewares=[
            hang_ups(by_body),
            in_flight.middleware,
            error_envelope,
            browser_rules,
            authentication(public, by_body),
        ],
        client_max_size=context.config.max_body,
    )
    app[CONTEXT] = context
    app.on_response_prepare.append(add_browser_headers)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, route.handler)
    return app


@contextlib.asynccontextmanager
async def opened_store(config: ApiConfig) -> AsyncIterator[Redis]:
    """A connection to the configured Redis, or to one started for as long as the context lasts."""
    async with contextlib.AsyncExitStack() as stack:
        url = config.redis_url
        if url is None:
            server = EmbeddedRedis(config.state_dir / "redis")
            stack.push_async_callback(server.stop)
            await server.start()
            redis = connect(server.socket, config.redis_timeout_s)
        else:
            redis = connect(url, config.redis_timeout_s)
        stack.push_async_callback(redis.aclose)
        await wait_until_up(redis)
        yield redis


@contextlib.asynccontextmanager
async def background(context: Context) -> AsyncIterator[asyncio.Future[Any]]:
    """What runs beside the requests; the future is done as soon as any of it fails.

    Leaving the context stores what is still to be stored, as far as Redis lets us.
    """
    tasks = asyncio.gather(
        context.journal.run(),
        context.schedulers.run(context.reports),
        context.workers.run(context.reports),
        context.sessions.sweep(),
    )
    try:
        yield tasks
        context.lifecycle.release_all()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STORE_REST_S):
                await context.journal.drain()
    finally:
        tasks.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await tasks


@contextlib.asynccontextmanager
async def serving(context: Context) -> AsyncIterator[None]:
    """Take requests. Leaving the context lets those in flight finish, while new work is turned away."""
    config = context.config
    in_flight = InFlight()
    runner = web.AppRunner(
        make_app(context, in_flight),
        access_log_class=AccessLog,
        handle_signals=False,
        handler_cancellation=True,
        shutdown_timeout=config.shutdown_s,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, config.host, config.port).start()
        yield
    finally:
        context.bell.ring_all()
        context.streams.end_all()
        await in_flight.finished(config.shutdown_s)
        await runner.cleanup()
