"""``argusd hosts``: which hosts share the sessions, and how much room each has."""

import argparse
import asyncio

import msgspec

from argusd.api.hosts.hosts import Host, HostsView

from ..asking import ask
from ..options import Endpoint, configure_endpoint, endpoint

HELP = {"hosts": "list the hosts that share the sessions"}

ROW = "{:<24} {:<36} {:>8} {:>6} {:>5}  {}"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    configure_endpoint(parser)
    parser.add_argument("--json", action="store_true", help="one host a line, as JSON")


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
    head = ROW.format("HOST", "URL", "SESSIONS", "ROOM", "LOAD", "")
    return [head.rstrip(), *map(row, hosts)]


def row(host: Host) -> str:
    """A host as people read it."""
    state = "drains" if host.draining else ""
    return ROW.format(host.host_id, host.url, host.sessions, host.room, f"{host.load:.2f}", state).rstrip()
