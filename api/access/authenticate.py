"""Lets requests in by their token, or by the ticket that another host has sent them here with."""

from collections.abc import Mapping

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ..config import Scope
from ..context import CONTEXT
from .grants import Grant
from .tickets import TICKET

AVOID = web.RequestKey("hosts to avoid", tuple[str, ...])
"""The hosts that turned the session away before the client was sent here."""

GRANT = web.RequestKey("grant", Grant)
"""What the request's bearer may do; there before every handler that asks for a token."""


def authentication(scopes: Mapping[object, Scope], session_in_body: frozenset[object]) -> Middleware:
    """The middleware that asks for a token before the handlers that have a scope.

    Handlers of ``session_in_body`` look themselves whether the token is for the session they read.
    """

    @web.middleware
    async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
        called = request.match_info.handler
        if request.match_info.http_exception is None and called in scopes:
            grant = request[GRANT] = await grant_of(request)
            grant.check_rate()
            grant.check_scope(scopes[called])
            if called not in session_in_body:
                grant.check_session(request.match_info.get("session_id"))
        return await handler(request)

    return authenticate


async def grant_of(request: web.Request) -> Grant:
    """What the request's bearer may do. A ticket is good for the request that it names.

    Raises:
        Unauthorized: no token or ticket, or one that is not good.
    """
    context, ticket = request.app[CONTEXT], request.query.get(TICKET)
    if context.door is None or ticket is None:
        return context.access.grant_of(request.headers.get("Authorization"))
    told = await context.door.tickets.read(ticket, target(request))
    request[AVOID] = told.avoid
    return Grant(told.principal, frozenset({"publish"}), session_id=request.match_info.get("session_id"))


def target(request: web.Request) -> str:
    """The request as tickets name it."""
    return f"{request.method} {request.path}"


def is_offer(request: web.Request) -> bool:
    """Whether it is a ``POST /whip/{session_id}``."""
    return request.method == "POST" and request.path.startswith("/whip/")
