"""The body of a request, as handlers read it."""

from aiohttp import web
from aiohttp.typedefs import Handler

from ..context import CONTEXT
from .client import client_of
from .room import Body

BODY = web.RequestKey("body", Body)


@web.middleware
async def bodies(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give every request a body to read; the innermost middleware."""
    with request.app[CONTEXT].room.body() as body:
        request[BODY] = body
        return await handler(request)


async def read_body(request: web.Request, limit: int | None = None) -> bytes:
    """The request's body. ``limit``: bytes, where it is another than most paths'.

    Raises:
        ServiceError: see ``Body.read``.
    """
    most = limit or request.app[CONTEXT].config.max_body
    return await request[BODY].read(request, most, client_of(request))


async def keep_body(request: web.Request, limit: int | None = None) -> bytes:
    """The request's body, which ``read_body`` gives once more. Raises what that raises."""
    most = limit or request.app[CONTEXT].config.max_body
    return await request[BODY].kept(request, most, client_of(request))


async def expect_nothing(_request: web.Request) -> None:
    """No invitation before it is known who asks; what else a client expects may be ignored."""
