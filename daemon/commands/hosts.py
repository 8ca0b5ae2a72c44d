"""``argusd hosts``: which hosts share the sessions, and how much room each has."""

import argparse
import asyncio

import msgspec

from argusd.api.hosts.beats import HostView
from argusd.api.hosts.listing import HostsView

from ..asking import ask
from ..options import Endpoint, configure_endpoint, configure_json, endpoint
from ..table import table, window

HELP = {"hosts": "list the hosts that share the sessions"}

HEAD = ("HOST", "URL", "SESSIONS", "ROOM", "LOAD", "")
GIVE = {"URL": 16, "HOST": 12}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    configure_endpoint(parser)
    configure_json(parser, "host")


def run(args: argparse.Namespace) -> int:
    """List them; 0 also where there are none."""
    for line in asyncio.run(listed(endpoint(args), json=args.json)):
        print(line)
    return 0


async def listed(daemon: Endpoint, *, json: bool) -> list[str]:
    """A line for each host that the daemon names."""
    hosts = (await ask(daemon, "GET", "/hosts", HostsView)).hosts
    if json:
        return [msgspec.json.encode(host).decode() for host in hosts]
    if not hosts:
        return ["this daemon is alone: cluster.url is not set"]
    return table(HEAD, [row(host) for host in hosts], window(), GIVE)


def row(host: HostView) -> tuple[str, ...]:
    """A host as people read it."""
    state = "drains" if host.draining else ""
    return (host.host_id, host.url, str(host.sessions), str(host.room), f"{host.load:.2f}", state)
