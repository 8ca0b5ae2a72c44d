"""Lets requests in by their token."""

from collections.abc import Mapping

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ..config import Scope
from ..context import CONTEXT
from .grants import Grant

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
            grant = request[GRANT] = request.app[CONTEXT].access.grant_of(
                request.headers.get("Authorization")
            )
            grant.check_rate()
            grant.check_scope(scopes[called])
            if called not in session_in_body:
                grant.check_session(request.match_info.get("session_id"))
        return await handler(request)

    return authenticate
