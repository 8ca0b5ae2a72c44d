"""Lets requests in by their token, or by a ticket in their address."""

from collections.abc import Mapping

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ..config import Scope
from ..context import CONTEXT
from .admitted import AVOID, GRANT, SENT_TO, target
from .bearer import token_of
from .grants import EVERYTHING, Grant
from .tickets import TICKET


def authentication(scopes: Mapping[object, Scope | None], session_in_body: frozenset[object]) -> Middleware:
    """The middleware that asks for a token before the handlers of ``scopes``; None: for one of any scope.

    Handlers of ``session_in_body`` look themselves whether the token is for the session they read.
    """

    @web.middleware
    async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
        called = request.match_info.handler
        if request.match_info.http_exception is None and called in scopes:
            grant = await grant_of(request)
            door = request.app[CONTEXT].door
            if door is None or not door.let_in(request):
                grant.check_rate()
            if (scope := scopes[called]) is not None:
                grant.check_scope(scope)
            if called not in session_in_body:
                grant.check_session(request.match_info.get("session_id"))
            request[GRANT] = grant
        return await handler(request)

    return authenticate


async def grant_of(request: web.Request) -> Grant:
    """What the request's bearer may do. A ticket is good for the request that it names.

    Raises:
        Unauthorized: no token or ticket, or one that is not good.
    """
    context, ticket = request.app[CONTEXT], request.query.get(TICKET)
    if ticket is None:
        return await context.access.grant_of(token_of(request.headers))
    told = await context.tickets.take(ticket, target(request))
    request[AVOID], request[SENT_TO] = told.avoid, told.host_id
    # Whether its principal may do so was seen when the ticket was made.
    session_id = request.match_info.get("session_id")
    grant = Grant(told.principal, EVERYTHING.scopes, session_id=session_id, stamp=told.stamp)
    await context.stamps.check(grant)
    return grant


def is_offer(request: web.Request) -> bool:
    """Whether it is a ``POST /whip/{session_id}``."""
    return request.method == "POST" and request.path.startswith("/whip/")
