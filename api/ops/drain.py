"""``/drain``: nothing new is taken while what lives comes to its end, as before an upgrade.

Sessions whose media are there go on, their publishers may come back and their policies change; events are
told as ever. New sessions and all tasks are refused, by one of many hosts not the tasks of its sessions. What
has been let in and is not answered yet is awaited as well, and what goes through here to another host.
The next api takes new work again.
"""

import asyncio
from collections.abc import Callable

import msgspec
from aiohttp import web

from ..context import CONTEXT, Context
from ..http.envelope import json_reply
from ..intake import DRAIN_SIGNAL

LOOK_S = 0.2


class DrainView(msgspec.Struct, frozen=True):
    """The body of ``/drain``. ``sessions``: those whose media are there, come, or go through here to another
    host; ``tasks``: those at work, here or at another host for who asked here.
    """

    draining: bool
    sessions: int
    tasks: int


async def drain(request: web.Request) -> web.Response:
    """Take nothing new from now on; said again, tell what is left."""
    return json_reply(await _drain(request.app[CONTEXT], draining=True))


async def end_drain(request: web.Request) -> web.Response:
    """Take new work again."""
    return json_reply(await _drain(request.app[CONTEXT], draining=False))


async def drain_when_signalled(context: Context, on_drained: Callable[[], None]) -> None:
    """Drain on ``DRAIN_SIGNAL``; ``on_drained`` is called once nothing is left."""
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(DRAIN_SIGNAL, asked.set)
    await asked.wait()
    while (left := await _drain(context, draining=True)).sessions or left.tasks:  # noqa: ASYNC110 told by none
        await asyncio.sleep(LOOK_S)
    on_drained()


async def _drain(context: Context, *, draining: bool) -> DrainView:
    changed, context.intake.draining = context.intake.draining != draining, draining
    if changed and context.hosts is not None:
        await context.hosts.beat()  # the others need not wait for the next one
    return DrainView(context.intake.closed is not None, *left(context))


def left(context: Context) -> tuple[int, int]:
    """How many sessions and tasks have not come to their end."""
    relay = context.door.relay if context.door else None
    live = {session.session_id for session in context.registry if session.active} | context.sessions.turning
    sockets, requests = (relay.sockets, relay.requests) if relay else (0, 0)
    return len(live) + sockets, context.inference.at_work + requests
