"""``python -m argusd.interviewer_bridge.example``: an interview of recordings, against a running daemon."""

import argparse
import asyncio
from pathlib import Path

import msgspec

from argusd.scheduler.contract.events import Event

from ..client import MLOrchestratorClient
from ..publish.media import open_file
from .interview import Interview, enrol
from .report import Report


def main() -> None:
    """Hold the interview and print its report; what is found meanwhile is printed as it comes."""
    parser = argparse.ArgumentParser(
        prog="python -m argusd.interviewer_bridge.example", description=main.__doc__
    )
    parser.add_argument("--url", help="the daemon (default: ARGUSD_URL, or this host's)")
    parser.add_argument("--token", help="the token that the daemon wants, if any")
    parser.add_argument("--session", default="example", help="the session's id")
    parser.add_argument("--face", required=True, type=Path, help="a picture of the person enrolled")
    parser.add_argument("--voice", required=True, type=Path, help="a recording of their speech")
    parser.add_argument("--now-face", required=True, type=Path, help="a picture from the interview's start")
    parser.add_argument(
        "--now-voice", required=True, type=Path, help="a recording from the interview's start"
    )
    parser.add_argument("--room", required=True, type=Path, nargs="+", help="pictures from around the room")
    parser.add_argument("--recording", required=True, help="the interview: any media file")
    report = asyncio.run(hold(parser.parse_args()))
    print(msgspec.json.format(msgspec.json.encode(report), indent=2).decode())


async def hold(args: argparse.Namespace) -> Report:
    """Enrol, verify, scan the room, monitor, finalize."""
    async with MLOrchestratorClient(args.url, args.token) as ml:
        enrolled = await enrol(ml, args.session, args.face.read_bytes(), args.voice.read_bytes())
        interview = Interview(ml, args.session, enrolled)
        verification = await interview.verify(args.now_face.read_bytes(), args.now_voice.read_bytes())
        room = await interview.scan_room([frame.read_bytes() for frame in args.room])
        await interview.monitor(open_file(args.recording), show)
        return await interview.finalize(verification, room)


def show(event: Event) -> None:
    """Print a violation's start or end."""
    if event.type == "violation":
        print(f"{event.data['media_s']:7.1f} s  {event.name} {event.state}", flush=True)


if __name__ == "__main__":
    main()
