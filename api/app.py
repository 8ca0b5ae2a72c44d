"""The api process: started, served and ended in order."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

from aiohttp import web

from argusd.scheduler.contract.http import authority

from .access.authenticate import authentication
from .access.exposure import check_bind
from .assembly import put_together
from .config import ApiConfig, Scope
from .connections.bodies import bodies, expect_nothing
from .connections.connection import head_came, listening
from .connections.disconnects import disconnects
from .connections.open_requests import OpenRequests
from .connections.request_rules import request_rules
from .context import CONTEXT, Context
from .events.redis_store import STORE_ERRORS
from .hosts.door import Way
from .hosts.front_door import front_door
from .hosts.restating import restate_when_unknown
from .http.browsers import add_browser_headers, browser_rules
from .http.envelope import error_envelope
from .http.traced import traced
from .ops.drain import drain_when_signalled
from .routes.table import FOLLOWED, ROUTES
from .store.abilities import check_abilities
from .store.layout import settle_layout
from .store.opening import opened_store
from .store.troubles import trouble
from .streams.arena_server import serving_arena
from .streams.refusals import readable_refusals

log = logging.getLogger(__name__)

PASS_S = 0.5
LOAD_AGAIN_S = 0.2
# After a stop, at most: for workers to say that they gave up, for ingest workers that were asked to end as
# well to close their sessions, for the last events to be stored, and for readers to take them.
ANSWERS_REST_S, SESSIONS_REST_S, STORE_REST_S, READERS_REST_S = 2.0, 2.0, 5.0, 5.0


async def run_api(
    config: ApiConfig,
    stop: asyncio.Event,
    on_ready: Callable[[], None],
    on_pass: Callable[[], None] = lambda: None,
    on_drained: Callable[[], None] = lambda: None,
) -> None:
    """Serve until ``stop`` is set. ``on_ready`` is called when requests are taken.

    ``on_pass`` is called again and again while requests, links and the event log get their turns,
    ``on_drained`` when a signal has had us drain and nothing is left.

    Raises:
        InsecureBind: the address needs a token.
        RedisNotStarted: the store is not there.
        RedisUnfit: the store does not let us do what we need.
        LayoutMisfit: the store is another argusd's.
        TracesUnavailable: traces are wanted, and what makes them is not installed.
        CredentialUnreadable: the credential of an ICE server cannot be read.
        CannotListen: the address and port cannot be had.
    """
    check_bind(config)
    async with opened_store(config, stop) as store, serving_arena(config) as arena:
        if stop.is_set():
            return
        context = put_together(config, stop, store, arena)
        await take_over(context)
        async with background(context, on_pass, on_drained) as ended, serving(context):
            if context.hosts is not None:
                context.hosts.listening.set()
            log.info("listening on http://%s", authority(config.host, config.port))
            on_ready()
            ended.add_done_callback(lambda _: stop.set())
            await stop.wait()


async def take_over(context: Context) -> None:
    """Go on with what an earlier api has stored, once Redis tells it.

    Raises:
        RedisUnfit: it does not let us do what we need.
        LayoutMisfit: that is of another argusd.
    """
    while not context.stop.is_set():
        try:
            await check_abilities(context.redis, scripts=context.door is not None)
            await settle_layout(context.redis, context.host_id or "")
            await context.registry.load()
            await context.evidence.take_over(each.session_id for each in context.registry)
        except STORE_ERRORS as error:
            why = trouble(error) or type(error).__name__
            log.warning("Redis does not tell yet what is stored: %s", why)
            await asyncio.sleep(LOAD_AGAIN_S)
        else:
            context.reports.take_over()
            return


def make_app(context: Context, open_requests: OpenRequests) -> web.Application:
    """The aiohttp application: middlewares from the outside in, then the routes."""
    scopes: dict[object, Scope | None] = {route.handler: route.scope for route in ROUTES if not route.public}
    ways: dict[object, Way] = {route.handler: route.way for route in ROUTES}
    by_body = frozenset[object](route.handler for route in ROUTES if route.session_in_body)
    app = web.Application(
        middlewares=[
            head_came,
            disconnects(by_body | FOLLOWED),
            open_requests.middleware,
            *([traced(context.traces)] if context.traces.on else []),
            error_envelope,
            request_rules,
            browser_rules,
            readable_refusals,
            authentication(scopes, by_body),
            bodies,
            *([front_door(context.door, ways)] if context.door else []),
        ],
    )
    app[CONTEXT] = context
    app.on_response_prepare.append(add_browser_headers)
    for route in ROUTES:
        for method in route.methods:
            app.router.add_route(method, route.path, route.handler, expect_handler=expect_nothing)
    return app


@contextlib.asynccontextmanager
async def background(
    context: Context, on_pass: Callable[[], None], on_drained: Callable[[], None]
) -> AsyncIterator[asyncio.Future[Any]]:
    """What runs beside the requests; the future is done as soon as any of it fails."""
    door = context.door
    parts = (door.hosts, context.undertaker, context.news) if door else ()
    of_many = [each.run() for each in parts if each is not None]
    if door is not None:
        of_many.append(door.claims.run(context.registry.__contains__))
        of_many.append(restate_when_unknown(context, door.hosts.unknown))
    tasks = asyncio.gather(
        *of_many,
        context.event_log.run(),
        context.webhooks.run(),
        context.schedulers.run(context.reports),
        context.workers.run(context.reports),
        context.sessions.sweep(),
        context.erasure.run(),
        context.evidence.run(),
        drain_when_signalled(context, on_drained),
        passes(on_pass),
    )
    try:
        yield tasks
    finally:
        tasks.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await tasks
        await context.feeds.settle()
        # Live sessions go on at our next life, if it comes soon; what is over others may show meanwhile.
        if context.hosts is not None and not any(session.active for session in context.registry):
            await context.hosts.leave()


async def passes(on_pass: Callable[[], None]) -> None:
    """Call ``on_pass`` from the loop that serves everything here: what blocks that loop silences this."""
    while True:
        on_pass()
        await asyncio.sleep(PASS_S)


@contextlib.asynccontextmanager
async def serving(context: Context) -> AsyncIterator[None]:
    """Take requests. Leaving the context turns new work away and lets everything else come to its end."""
    config = context.config
    open_requests = OpenRequests(endless=FOLLOWED)
    runner = web.AppRunner(
        make_app(context, open_requests), handler_cancellation=True, shutdown_timeout=READERS_REST_S
    )
    await runner.setup()
    try:
        async with listening(runner, config):
            yield
            context.streams.end_all()
            await open_requests.finished(config.shutdown_s + ANSWERS_REST_S)
            await everything_stored(context)
    finally:
        context.told.set()
        context.feeds.wake_all()
        await runner.cleanup()
        await asyncio.to_thread(context.traces.close)
        if context.door is not None:
            await context.door.relay.close()


async def everything_stored(context: Context) -> None:
    """Store what still happens, as far as Redis lets us.

    Ingest workers that were asked to end as well close their sessions at once; where they go on, so do their
    sessions, and the next api finds them there.
    """
    live = [session for session in context.registry if session.active]
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SESSIONS_REST_S):
            await asyncio.gather(*map(context.lifecycle.over, live))
    await context.lifecycle.closings.finish()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STORE_REST_S):
            await context.event_log.drain()
