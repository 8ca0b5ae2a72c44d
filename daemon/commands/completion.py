"""``argusd completion SHELL``: what makes a shell complete commands, options and files at TAB."""

import argparse
from collections.abc import Iterator

import shtab

from ..arguments import FILES
from ..cli import COMMANDS, build_parser

HELP = {"completion": "print what makes a shell complete argusd's words: source it in the shell's profile"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the argument."""
    parser.add_argument("shell", metavar="SHELL", choices=shtab.SUPPORTED_SHELLS, help="%(choices)s")


def run(args: argparse.Namespace) -> int:
    """Print it."""
    parser = build_parser(COMMANDS)
    for action in actions_of(parser):
        if action.type in FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    print(shtab.complete(parser, args.shell))
    return 0


def actions_of(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Those of a parser and of all commands below it."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from actions_of(below)
