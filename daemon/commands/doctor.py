"""``argusd doctor``: what this machine has and lacks, and how to mend it."""

import argparse
import textwrap

import msgspec

from ..config import load_config
from ..doctor.finding import Finding
from ..doctor.report import findings
from ..options import configure_json
from ..output import coloured
from ..table import window

HELP = {"doctor": "check this machine, say how to mend what is amiss"}

MARKS = {"ok": ("✓", "\033[32m"), "warn": ("!", "\033[33m"), "fail": ("✗", "\033[31m")}
RESET = "\033[0m"
INDENT = 19


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    configure_json(parser, "finding")


def run(args: argparse.Namespace) -> int:
    """Run every check; 1 when one of them fails."""
    config = load_config(args.config)
    healthy = True
    for finding in findings(config):
        healthy &= finding.verdict != "fail"
        line = (
            msgspec.json.encode(finding).decode()
            if args.json
            else render(finding, colour=coloured(), width=window())
        )
        print(line, flush=True)  # some checks take seconds
    return 0 if healthy else 1


def render(finding: Finding, *, colour: bool, width: int | None = None) -> str:
    """One finding, its remedy on lines of its own; no line is longer than ``width``, where a word is not."""
    mark, paint = MARKS[finding.verdict]
    shown = f"{paint}{mark}{RESET}" if colour else mark
    found = wrapped(finding.found, "", width)
    lines = [f"{shown} {finding.subject:<16} {found[0]}", *(" " * INDENT + line for line in found[1:])]
    lines += [" " * INDENT + line for line in wrapped(finding.remedy, "→ ", width)]
    return "\n".join(lines)


def wrapped(text: str, first: str, width: int | None) -> list[str]:
    """The text in lines for what is right of the indent; nothing for an empty one."""
    if not text or width is None:
        return [first + text] if text else []
    room = max(20, width - INDENT)
    return textwrap.wrap(
        text,
        room,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_on_hyphens=False,
        break_long_words=False,
    )
