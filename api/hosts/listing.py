"""``GET /hosts``: the hosts that share the Redis, as each told at its newest beat."""

import msgspec
from aiohttp import web

from ..context import CONTEXT, Context
from ..http.envelope import json_reply
from .beats import HostView


class HostsView(msgspec.Struct, frozen=True):
    """The body of ``/hosts``: those that are there, by their id; none where this host is alone."""

    hosts: list[HostView]


async def list_hosts(request: web.Request) -> web.Response:
    """List the hosts that are there now."""
    return json_reply(HostsView(await host_views(request.app[CONTEXT])))


async def host_views(context: Context) -> list[HostView]:
    """The hosts that are there now, as callers see them."""
    return [each.view for each in await context.hosts.living()] if context.hosts else []
