"""The command line. A command that fails says so in one sentence and by its exit code (``exit_codes.py``)."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.metadata import version
from types import ModuleType
from typing import NoReturn

from argusd.scheduler.contract.errors import ArgusdError
from argusd.scheduler.contract.names import did_you_mean
from argusd.scheduler.contract.wording.reasons import reason_of
from argusd.scheduler.zoo.errors import UnknownModelError

from .arguments import path
from .errors import DaemonError, UsageInvalid
from .exit_codes import FAILED, INTERRUPTED, NO_READER, USAGE
from .interrupts import loading
from .output import discard_output, open_streams

COMMANDS = {
    "serve": "serve",
    "publish": "publish",
    "events": "events",
    "token": "token",
    "hosts": "hosts",
    "drain": "drain",
    "reload": "reload",
    "models": "models",
    "doctor": "doctor",
    "install-systemd": "install_systemd",
    "kubernetes": "kubernetes",
    "record": "recordings.record",
    "replay": "recordings.replay",
    "bench": "bench",
    "demo": "demo",
    "completion": "completion",
    "api": "processes",
    "ingest": "processes",
    "scheduler": "processes",
    "evidence": "processes",
}
"""Command to its module. Only the asked one is imported: a publisher's libraries have no place in the api."""

MISTAKES = (400, 401, 403, 422)
"""HTTP statuses by which a daemon says that asking the same again is in vain: a wrong token, a wrong word."""

EXTRAS = "the daemon needs pip install 'argusd[cpu]' or 'argusd[gpu]', its benchmarks also 'argusd[bench]'"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    argv = sys.argv[1:] if argv is None else argv
    open_streams()
    if argv and not argv[0].startswith("-") and argv[0] not in COMMANDS:
        near = did_you_mean(argv[0], COMMANDS)
        return _fail(f"there is no command {argv[0]!r}{near} There are {', '.join(COMMANDS)}", USAGE)
    try:
        return run(argv)
    except ArgusdError as error:
        return _fail(error, exit_code_of(error))
    except ModuleNotFoundError as error:
        return _fail(f"{error.name} is not installed; {EXTRAS}", USAGE)
    except BrokenPipeError:  # as with ``| head``
        discard_output()
        return NO_READER
    except OSError as error:  # a full disk, a folder that is closed to this user
        discard_output()
        return _fail(system_error(error), FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED


def exit_code_of(error: ArgusdError) -> int:
    """Whether another try may succeed."""
    if isinstance(error, DaemonError):
        return error.exit_code
    # What a daemon answered has HTTP's status; to ask for its class would bring aiohttp into every process.
    mistaken = isinstance(error, UnknownModelError) or getattr(error, "status", None) in MISTAKES
    return USAGE if mistaken else FAILED


def run(argv: Sequence[str]) -> int:
    """Understand the words and carry the command out, to the last word of its output."""
    try:
        with loading():
            parser = build_parser(needed(argv))
        args = parser.parse_args(argv)
        return int(module_of(args.command).run(args))
    finally:
        sys.stdout.flush()  # not when Python ends: that a reader is gone would be an error there


def system_error(error: OSError) -> str:
    """What the system refused, and which file it is about."""
    reason = reason_of(error)
    return f"{error.filename}: {reason}" if error.filename is not None else reason


def needed(argv: Sequence[str]) -> Iterable[str]:
    """The commands whose modules it takes to understand these arguments."""
    if argv and argv[0] in COMMANDS:
        return [argv[0]]
    return [] if argv and argv[0] == "--version" else COMMANDS


class Parser(argparse.ArgumentParser):
    """Says what it does not understand in one sentence, as every command does."""

    def error(self, message: str) -> NoReturn:
        """Refuse the command line.

        Raises:
            UsageInvalid: always.
        """
        raise UsageInvalid(f"{message.removeprefix('argument ')} (see {self.prog} --help)")


def module_of(command: str) -> ModuleType:
    """The module that carries the command out."""
    return import_module(f"argusd.daemon.commands.{COMMANDS[command]}")


def build_parser(names: Iterable[str]) -> argparse.ArgumentParser:
    """These commands and their options."""
    parser = Parser(
        prog="argusd",
        description="Live cameras and microphones in, findings out.",
        epilog="argusd COMMAND --help tells what a command does, and its options.",
    )
    parser.add_argument("--version", action="version", version=f"argusd {version('argusd')}")
    common = Parser(add_help=False)
    common.add_argument("--config", type=path, metavar="FILE", help="TOML configuration")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in names:
        module = module_of(name)
        said = module.HELP[name]
        about = f"{said[0].upper()}{said[1:]}."
        module.configure(commands.add_parser(name, parents=[common], help=said, description=about))
    return parser


def _fail(error: Exception | str, code: int) -> int:
    print(f"argusd: {error}", file=sys.stderr)
    return code
