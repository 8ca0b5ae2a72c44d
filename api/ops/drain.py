"""``/drain``: nothing new is taken while what lives comes to its end, as before an upgrade.

Sessions whose media are there go on, their publishers may come back and their policies change; events are
told as ever. New sessions and all tasks are refused. The next api takes new work again.
"""

import msgspec
from aiohttp import web

from ..context import CONTEXT, Context
from ..http.envelope import json_reply


class DrainView(msgspec.Struct, frozen=True):
    """The body of ``/drain``. ``sessions``: those whose media are there; ``tasks``: those at work."""

    draining: bool
    sessions: int
    tasks: int


async def drain(request: web.Request) -> web.Response:
    """Take nothing new from now on; said again, tell what is left."""
    return json_reply(_drain(request.app[CONTEXT], draining=True))


async def end_drain(request: web.Request) -> web.Response:
    """Take new work again."""
    return json_reply(_drain(request.app[CONTEXT], draining=False))


def _drain(context: Context, *, draining: bool) -> DrainView:
    context.intake.draining = draining
    live = sum(session.active for session in context.registry)
    return DrainView(context.intake.closed is not None, live, context.inference.at_work)
