"""The command line. A command that fails says so in one sentence; exit code 1, or 2 for bad usage."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from argusd.ingest.errors import IngestError
from argusd.interviewer_bridge.errors import BridgeError
from argusd.scheduler.errors import SchedulerError
from argusd.scheduler.zoo.errors import ZooError

from .commands import bench, demo, doctor, events, models, processes, publish, serve
from .errors import DaemonError

COMMANDS: dict[str, ModuleType] = {
    "serve": serve,
    "publish": publish,
    "events": events,
    "models": models,
    "doctor": doctor,
    "bench": bench,
    "demo": demo,
    "api": processes,
    "ingest": processes,
    "scheduler": processes,
}
INTERRUPTED = 130  # what shells expect after Ctrl-C


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    args = build_parser().parse_args(argv)
    try:
        return int(COMMANDS[args.command].run(args))
    except DaemonError as error:
        return _fail(error, error.exit_code)
    except (BridgeError, IngestError, SchedulerError, ZooError) as error:
        return _fail(error, 1)
    except KeyboardInterrupt:
        return INTERRUPTED


def build_parser() -> argparse.ArgumentParser:
    """Every command and its options."""
    parser = argparse.ArgumentParser(
        prog="argusd", description="Live cameras and microphones in, findings out."
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, metavar="FILE", help="TOML configuration")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in COMMANDS.items():
        module.configure(commands.add_parser(name, parents=[common], help=module.HELP[name]))
    return parser


def _fail(error: Exception, code: int) -> int:
    print(f"argusd: {error}", file=sys.stderr)
    return code
