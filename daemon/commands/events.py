"""``argusd events``: what the daemon finds, as it finds it, until Ctrl-C."""

import argparse
import asyncio

from argusd.interviewer_bridge.events import subscribe

from ..arguments import event_id, session_id
from ..events.event_output import EventOutput
from ..options import Endpoint, configure_endpoint, configure_json, endpoint

HELP = {"events": "follow the findings of one session or of all"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--session", type=session_id, metavar="ID", help="one session (default: all)")
    parser.add_argument(
        "--after",
        type=event_id,
        metavar="EVENT_ID",
        default="",
        help="resume after this event (0: begin with the oldest that is kept)",
    )
    configure_json(parser, "event")
    configure_endpoint(parser)


def run(args: argparse.Namespace) -> int:
    """Follow until interrupted."""
    output = EventOutput(json=args.json, name_sessions=args.session is None)
    asyncio.run(_follow(endpoint(args), args.session, args.after, output))
    return 0


async def _follow(daemon: Endpoint, session_id: str | None, after: str, output: EventOutput) -> None:
    async for event in subscribe(daemon.url, session_id, token=daemon.token, last_event_id=after):
        output.show(event)
