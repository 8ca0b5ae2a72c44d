"""``GET /hosts``: the hosts that share the Redis, as each told at its newest beat."""

import msgspec
from aiohttp import web

from ..context import CONTEXT
from ..http.envelope import json_reply
from .beats import HostView


class HostsView(msgspec.Struct, frozen=True):
    """The body of ``/hosts``: those that are there, by their id; none where this host is alone."""

    hosts: list[HostView]


async def list_hosts(request: web.Request) -> web.Response:
    """List the hosts that are there now."""
    hosts = request.app[CONTEXT].hosts
    return json_reply(HostsView([each.view for each in await hosts.living()] if hosts else []))
