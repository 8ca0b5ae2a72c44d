"""``argusd publish SOURCE``: a real WHIP publisher; what the daemon finds is printed as it comes."""

import argparse
import asyncio
import signal

from argusd.interviewer_bridge.errors import SourceUnreadable
from argusd.interviewer_bridge.publish.media import Source, open_file, synthetic
from argusd.scheduler.contract.events import Event, Gap

from ..arguments import SAMPLE, amount, number_from_0, playable, session_id
from ..config import load_config
from ..demo.sample import sample_clip
from ..errors import UsageInvalid
from ..events.broadcast import broadcast
from ..events.event_output import EventOutput
from ..events.summary import Summary
from ..options import Endpoint, configure_endpoint, configure_json, endpoint

HELP = {"publish": "send a file or a test picture as a session, and print what is found"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "source", type=playable, nargs="?", metavar="SOURCE", help=f"a media file, a picture, or {SAMPLE}"
    )
    parser.add_argument("--synthetic", action="store_true", help="a generated picture and tone instead")
    parser.add_argument(
        "--session", type=session_id, required=True, metavar="ID", help="the session to publish as"
    )
    parser.add_argument(
        "--seconds", type=amount, metavar="N", help="length of --synthetic (default: endless)"
    )
    parser.add_argument("--loop", action="store_true", help="play the file again and again, until Ctrl-C")
    parser.add_argument(
        "--republish-s",
        type=number_from_0,
        metavar="N",
        help="when its host is lost, try for N seconds to publish again "
        "(default: 30 where the daemon is one of several hosts, else 0)",
    )
    configure_json(parser, "event")
    configure_endpoint(parser)


def run(args: argparse.Namespace) -> int:
    """Publish to the end of the source, or Ctrl-C."""
    if (args.source is None) == (not args.synthetic):
        raise UsageInvalid(f"name a media file, or {SAMPLE}, or give --synthetic")
    daemon = endpoint(args)
    path = str(sample_clip(load_config(args.config).cache_dir)) if args.source == SAMPLE else args.source
    summary = asyncio.run(publish(daemon, args.session, path, args))
    if not args.json:
        print("\n" + "\n".join(summary.lines()))
    return 0


async def publish(daemon: Endpoint, session_id: str, path: str | None, args: argparse.Namespace) -> Summary:
    """Publish the file (None: the synthetic source) and print its events; returns what they came to."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    output, summary = EventOutput(json=args.json), Summary()

    def take(event: Event | Gap) -> None:
        output.show(event)
        summary.add(event)

    source = open_source(path, args.seconds, loop=args.loop)
    await broadcast(daemon, session_id, source, take, stop, args.republish_s)
    return summary


def open_source(path: str | None, seconds: float | None, *, loop: bool) -> Source:
    """The source that the options name.

    Raises:
        UsageInvalid: the file cannot be played.
        SourceUnreadable: nor can what is at that address, now.
    """
    if path is None:
        return synthetic(seconds)
    try:
        return open_file(path, loop=loop)
    except SourceUnreadable as error:
        if "://" in path:
            raise
        raise UsageInvalid(str(error)) from error
