"""Lets requests that are being answered finish before the api ends."""

import asyncio
import contextlib
from collections.abc import Set

from aiohttp import web
from aiohttp.typedefs import Handler


class OpenRequests:
    """Counts the requests that are being answered, but for those to ``endless`` handlers."""

    def __init__(self, endless: Set[object]) -> None:
        self._endless = endless
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Count a request from its arrival to its answer's end."""
        if request.match_info.handler in self._endless:
            return await handler(request)
        self._count += 1
        self._none.clear()
        try:
            return await handler(request)
        finally:
            self._count -= 1
            if self._count == 0:
                self._none.set()

    async def finished(self, timeout_s: float) -> None:
        """Return when there is none, or when the time is up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._none.wait()
