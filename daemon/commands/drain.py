"""``argusd drain``: nothing new is taken; wait until what lives has come to its end."""

import argparse
import asyncio
import signal
import sys
import time

import msgspec

from argusd.api.hosts.listing import HostsView
from argusd.interviewer_bridge.errors import Unreachable
from argusd.scheduler.contract.names import did_you_mean

from ..arguments import number_from_0
from ..asking import ask
from ..config import load_config
from ..errors import UnknownHost, UsageInvalid
from ..options import Endpoint, configure_endpoint, endpoint
from ..supervision.running import ended, signal_daemon

HELP = {"drain": "take nothing new, and wait until live sessions and tasks are over"}

DRAIN_S = 3600.0
ASK_EVERY_S = 0.5


class Left(msgspec.Struct, frozen=True):
    """What the daemon says is left."""

    sessions: int
    tasks: int

    def __str__(self) -> str:
        return f"sessions left: {self.sessions}, tasks left: {self.tasks}"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    configure_endpoint(parser)
    parser.add_argument("host", nargs="?", metavar="HOST", help="another host, by its id (argusd hosts)")
    parser.add_argument(
        "--drain-s",
        type=number_from_0,
        default=DRAIN_S,
        metavar="N",
        help="wait so many seconds at most (%(default)g)",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--exit", action="store_true", help="then end the daemon that runs here")
    which.add_argument("--undo", action="store_true", help="take new work again")


def run(args: argparse.Namespace) -> int:
    """Drain; 0 when nothing is left.

    Raises:
        UsageInvalid: another host is to be ended from here.
        UnknownHost: there is no such host.
    """
    if args.host and args.exit:
        raise UsageInvalid("--exit ends the daemon that runs here: leave HOST out, or --exit")
    door = endpoint(args)
    if args.undo:
        asyncio.run(undrained(door, args.host))
        return 0
    left = asyncio.run(drained(door, args.drain_s, args.host))
    if left.sessions or left.tasks:
        print(f"argusd: {left}, after {args.drain_s:g} s", file=sys.stderr)
    if args.exit:
        config = load_config(args.config)
        state_dir = config.state_dir
        signal_daemon(state_dir, signal.SIGTERM)
        if config.api.cluster and (left.sessions or left.tasks):
            signal_daemon(state_dir, signal.SIGINT)  # another signal, so that both arrive: the drain is over
        asyncio.run(ended(state_dir))
    return 1 if left.sessions or left.tasks else 0


async def host_endpoint(door: Endpoint, host_id: str | None) -> Endpoint:
    """Where a host's own api is, as any of them knows it; without an id that of the daemon which is asked.

    Raises:
        UnknownHost: no such host is there.
    """
    if host_id is None:
        return door
    urls = {host.host_id: host.url for host in (await ask(door, "GET", "/hosts", HostsView)).hosts}
    if host_id not in urls:
        raise UnknownHost(f"there is no host {host_id}{did_you_mean(host_id, urls)}")
    return msgspec.structs.replace(door, url=urls[host_id])


async def undrained(door: Endpoint, host_id: str | None = None) -> None:
    """Have the daemon, or the host, take new work again. Raises what ``host_endpoint`` raises."""
    await ask(await host_endpoint(door, host_id), "DELETE", "/drain", Left)


async def drained(door: Endpoint, drain_s: float, host_id: str | None = None) -> Left:
    """Have the daemon, or the host, drain; what is left when nothing is, or when the time is up.

    An api that answered and answers no more is awaited: its next life is to drain as well.

    Raises:
        UnknownHost: no such host is there, or not any more.
    """
    deadline, told = time.monotonic() + drain_s, None
    daemon = await host_endpoint(door, host_id)
    while True:
        try:
            left = await ask(daemon, "POST", "/drain", Left)
        except Unreachable:
            if told is None:
                raise
            daemon, left = await host_endpoint(door, host_id), told
        if left != told:
            print(left, flush=True)
        told = left
        if not (left.sessions or left.tasks) or time.monotonic() >= deadline:
            return left
        await asyncio.sleep(ASK_EVERY_S)
