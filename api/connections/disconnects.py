"""What becomes of a request whose client hangs up before the answer.

A task is work for that one answer: it is given up, and with it its place in the scheduler. So is a stream of
events, and its place among the readers. Everything else changes something that others see, or ends by itself:
it goes on to its end.
"""

import asyncio
from collections.abc import Set

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware


def disconnects(given_up: Set[object]) -> Middleware:
    """The middleware. ``given_up``: handlers that are cancelled as the server finds their client gone."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.match_info.handler in given_up:
            return await handler(request)
        return await asyncio.shield(handler(request))

    return middleware
