"""What is answered while Redis has not come up: it is away, loads its file, has it mended, or a full disk."""

import contextlib
from collections.abc import AsyncIterator, Callable

import msgspec
from aiohttp import web

from argusd.scheduler.contract.errors import NotReady

from ..config import ApiConfig
from ..connections.connection import listening
from ..http.envelope import json_reply, refusal


class Starting(msgspec.Struct, frozen=True, kw_only=True):
    """The body of every refusal; the part of ``Readiness`` that is known by then, in the envelope."""

    success: bool = False
    ready: bool = False
    redis: bool = False
    reasons: list[str]
    error_code: str = NotReady.code
    error: str


@contextlib.asynccontextmanager
async def starting(config: ApiConfig, why: Callable[[], str]) -> AsyncIterator[None]:
    """Answer ``/health``, and everything else with why the daemon is not ready, for the time of the context.

    Raises:
        CannotListen: the address and port cannot be had.
    """

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/health":
            return json_reply({"status": "ok", "workers": []})
        reason = why()
        return refusal(Starting(reasons=[reason], error=f"Not ready: {reason}."), NotReady)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        async with listening(runner, config):
            yield
    finally:
        await runner.cleanup()
