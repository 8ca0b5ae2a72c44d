"""Lets requests in by their token."""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ..context import CONTEXT


def authentication(public: frozenset[object], session_in_body: frozenset[object]) -> Middleware:
    """The middleware that asks for a token, except before ``public`` handlers.

    Handlers of ``session_in_body`` look themselves whether the token is for the session they read.
    """

    @web.middleware
    async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
        access, authorization = request.app[CONTEXT].access, request.headers.get("Authorization")
        called = request.match_info.handler
        if request.match_info.http_exception is None and called not in public:
            if called in session_in_body:
                access.check_known(authorization)
            else:
                access.check_token(authorization, request.match_info.get("session_id"))
        return await handler(request)

    return authenticate
