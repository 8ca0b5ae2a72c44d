"""Lets requests in by their token."""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from .context import CONTEXT


def authentication(public: frozenset[object]) -> Middleware:
    """The middleware that asks for a token, except before these handlers."""

    @web.middleware
    async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.match_info.http_exception is None and request.match_info.handler not in public:
            session_id = request.match_info.get("session_id")
            request.app[CONTEXT].access.check_token(request.headers.get("Authorization"), session_id)
        return await handler(request)

    return authenticate
