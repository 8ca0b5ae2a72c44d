"""``GET /hosts``: the hosts that share the Redis, as each told at its newest beat."""

from aiohttp import web

from ..context import CONTEXT
from ..http.envelope import json_reply
from .hosts import HostsView


async def list_hosts(request: web.Request) -> web.Response:
    """List the hosts that are there now."""
    hosts = request.app[CONTEXT].hosts
    return json_reply(HostsView(hosts.living() if hosts else []))
