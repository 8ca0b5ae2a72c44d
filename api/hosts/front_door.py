"""The front door: every host takes every request, and has it answered where it belongs.

A request is relayed once at most. An offer for another host's session is redirected with a ticket, or where
hosts cannot be reached by browsers relayed as well; its media go straight to the host that answers it. A host
that turns a new session away with 503 is avoided, and the next one is asked. Who comes by a redirect that was
to lead elsewhere is not sent anywhere again: what it asks for is relayed.
"""

import contextlib
import re
from collections.abc import Mapping

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from yarl import URL

from argusd.scheduler.contract.errors import MalformedBody, Overloaded, ServiceError, StoreUnavailable
from argusd.scheduler.contract.http import FOLLOWS_HEADER, HOST_HEADER
from argusd.scheduler.contract.names import NAME
from argusd.scheduler.contract.wording.undecodable import UNDECODABLE

from ..access.admitted import AVOID, SENT_TO
from ..access.authenticate import is_offer
from ..connections.bodies import keep_body
from ..context import CONTEXT, Context
from ..events.redis_store import STORE_ERRORS
from ..http.form_data import form_parts
from ..streams.socket import is_socket
from ..tasks.uploads import FORM, JSON
from .beats import Host
from .claims import Claim
from .door import Door, Way
from .relay import MISDIRECTED, RELAYED, NotReached
from .socket_relay import relay_socket

ANSWER_S, TASK_S = 30.0, 620.0  # a task may take ten minutes
MOST_TRIES = 4


class SessionOfTask(msgspec.Struct):
    """What of a task's body tells where it goes."""

    session_id: str


def front_door(door: Door, ways: Mapping[object, Way]) -> Middleware:
    """The middleware of one of several hosts; it comes last, when it is known who asks."""

    @web.middleware
    async def send_where_it_belongs(request: web.Request, handler: Handler) -> web.StreamResponse:
        if RELAYED in request.headers and not door.let_in(request):
            return web.Response(status=MISDIRECTED, headers={HOST_HEADER: door.host_id})
        way = ways.get(request.match_info.handler, "any")
        if RELAYED in request.headers or way == "any":
            return await handler(request)
        if way == "task":
            return await do_task(door, request, handler)
        if re.fullmatch(NAME, request.match_info["session_id"]) is None:
            return await handler(request)
        if way == "holder":
            return await ask_holder(door, request, handler)
        return await place(door, request, handler)

    return send_where_it_belongs


async def ask_holder(door: Door, request: web.Request, handler: Handler) -> web.StreamResponse:
    """Have the session's holder answer; this host, where there is none.

    Raises:
        HostUnreachable: the holder is away.
    """
    session_id = request.match_info["session_id"]
    try:
        holder = await door.claims.holder(session_id)
    except StoreUnavailable:
        if session_id not in request.app[CONTEXT].registry:
            raise
        return await handler(request)  # what lives here goes on while Redis is away
    if holder is None or holder.host_id == door.host_id:
        return await handler(request)
    return await door.relay.pass_on(
        await door.reach(holder.host_id), request, await keep_body(request), ANSWER_S
    )


async def place(door: Door, request: web.Request, handler: Handler) -> web.StreamResponse:
    """Have the session's holder answer; where there is none, a host with room that does not turn it away.

    Where no host says that it has room, this one sees for itself.
    """
    session_id, avoid = request.match_info["session_id"], [*request.get(AVOID, ())]
    answer: web.StreamResponse | ServiceError = Overloaded("No host has room for another session.")
    for _ in range(MOST_TRIES - len(avoid)):
        try:
            claim = await door.claims.claim(session_id, avoid)
        except Overloaded:
            if avoid:
                break
            return await handler(request)
        try:
            answer = await ask(door, request, handler, claim, avoid)
        except ServiceError as error:
            answer = error
        if answer.status != 503 or not await may_move(request.app[CONTEXT], session_id):
            break
        avoid.append(claim.host_id)
    if isinstance(answer, ServiceError):
        raise answer
    return answer


async def ask(
    door: Door, request: web.Request, handler: Handler, claim: Claim, avoid: list[str]
) -> web.StreamResponse:
    """Have the holder answer: here, over there, or by sending the client there."""
    context = request.app[CONTEXT]
    body = await keep_body(request)
    if claim.host_id == door.host_id:
        return await handler(request)
    context.sessions.let_go(request.match_info["session_id"])
    host = await door.reach(claim.host_id)
    if is_redirected(request) and request.get(SENT_TO, "") in ("", door.host_id):
        return redirection(await door.relay.onward(host, request, avoid))
    if is_socket(request):
        return await relay_socket(door.relay, host, request)
    return await door.relay.pass_on(host, request, body, ANSWER_S)


async def do_task(door: Door, request: web.Request, handler: Handler) -> web.StreamResponse:
    """Have a task done where its session is, else here, else where there is the most room."""
    context = request.app[CONTEXT]
    body = await keep_body(request, context.config.max_task_body)
    takes = context.intake.closed is None and context.fits_more is not None
    host = await host_for_task(door, session_of_task(request, body), takes)
    if host is None:
        return await handler(request)
    try:
        return await door.relay.pass_on(host, request, body, TASK_S)
    except NotReached:
        return await handler(request)


async def host_for_task(door: Door, session_id: str | None, takes: bool) -> Host | None:
    """Where a task goes; None: it is done here. ``takes``: whether this host takes tasks now."""
    if session_id is not None:
        with contextlib.suppress(StoreUnavailable):
            holder = await door.claims.holder(session_id)
            if holder is not None and holder.host_id == door.host_id:
                return None
            if holder is not None and (host := await door.hosts.find(holder.host_id)):
                return host
    return None if takes else next(iter(await door.hosts.roomiest()), None)


def is_redirected(request: web.Request) -> bool:
    """Whether the client is sent to the holder itself: with an offer, if hosts are reached so, and with a
    WebSocket that follows.
    """
    if is_socket(request):
        return FOLLOWS_HEADER in request.headers
    cluster = request.app[CONTEXT].config.cluster
    return is_offer(request) and cluster is not None and cluster.whip == "redirect"


def redirection(url: URL) -> web.Response:
    """Send the client to another host."""
    return web.Response(status=307, headers={"Location": str(url), "Cache-Control": "no-store"})


async def may_move(context: Context, session_id: str) -> bool:
    """Whether another host may hold the session: its media are nowhere."""
    try:
        return not await context.history.is_live(session_id)
    except STORE_ERRORS:
        return False


def session_of_task(request: web.Request, body: bytes) -> str | None:
    """The session that a task is for; None where it names none, which whoever does it tells the caller."""
    try:
        if request.content_type == JSON:
            found = msgspec.json.decode(body, type=SessionOfTask).session_id
        elif request.content_type == FORM:
            parts = form_parts(body, request.headers["Content-Type"])
            found = next((part.data.decode() for part in parts if part.name == "session_id"), "")
        else:
            found = request.query.get("session_id", "")
    except (*UNDECODABLE, MalformedBody):
        return None
    return found if re.fullmatch(NAME, found) else None
