"""``argusd doctor``: what this machine has and lacks, and how to mend it."""

import argparse
import sys

from ..config import load_config
from ..doctor.checks import CHECKS, Finding
from ..doctor.model_checks import check_roles
from ..doctor.network_checks import NETWORK_CHECKS

HELP = {"doctor": "check this machine, say how to mend what is amiss"}

MARKS = {"ok": ("✓", "\033[32m"), "warn": ("!", "\033[33m"), "fail": ("✗", "\033[31m")}
RESET = "\033[0m"


def configure(_: argparse.ArgumentParser) -> None:
    """It has no options of its own."""


def run(args: argparse.Namespace) -> int:
    """Run every check; 1 when one of them fails."""
    config = load_config(args.config)
    findings = [*(check(config) for check in (*CHECKS, *NETWORK_CHECKS)), *check_roles(config)]
    for finding in findings:
        print(render(finding, colour=sys.stdout.isatty()))
    return 1 if any(finding.verdict == "fail" for finding in findings) else 0


def render(finding: Finding, *, colour: bool) -> str:
    """One finding, its remedy on a line of its own."""
    mark, paint = MARKS[finding.verdict]
    shown = f"{paint}{mark}{RESET}" if colour else mark
    line = f"{shown} {finding.subject:<16} {finding.found}"
    return f"{line}\n{'':<19}→ {finding.remedy}" if finding.remedy else line
