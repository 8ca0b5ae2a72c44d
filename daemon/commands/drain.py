"""``argusd drain``: nothing new is taken; wait until what lives has come to its end."""

import argparse
import asyncio
import signal
import sys
import time

import msgspec

from ..asking import ask
from ..config import load_config
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
        return f"{self.sessions} sessions and {self.tasks} tasks are left"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    configure_endpoint(parser)
    parser.add_argument(
        "--drain-s",
        type=float,
        default=DRAIN_S,
        metavar="N",
        help="wait so many seconds at most (%(default)g)",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--exit", action="store_true", help="then end the daemon that runs here")
    which.add_argument("--undo", action="store_true", help="take new work again")


def run(args: argparse.Namespace) -> int:
    """Drain; 0 when nothing is left."""
    daemon = endpoint(args)
    if args.undo:
        asyncio.run(ask(daemon, "DELETE", "/drain", Left))
        return 0
    left = asyncio.run(drained(daemon, args.drain_s))
    if left.sessions or left.tasks:
        print(f"argusd: {left} after {args.drain_s:g} s", file=sys.stderr)
    if args.exit:
        state_dir = load_config(args.config).state_dir
        signal_daemon(state_dir, signal.SIGTERM)
        asyncio.run(ended(state_dir))
    return 1 if left.sessions or left.tasks else 0


async def drained(daemon: Endpoint, drain_s: float) -> Left:
    """Have the daemon drain; what is left when nothing is, or when the time is up."""
    deadline, told = time.monotonic() + drain_s, None
    while True:
        left = await ask(daemon, "POST", "/drain", Left)
        if left != told:
            print(left, flush=True)
        told = left
        if not (left.sessions or left.tasks) or time.monotonic() >= deadline:
            return left
        await asyncio.sleep(ASK_EVERY_S)
