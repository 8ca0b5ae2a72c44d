"""``argusd replay FILE``: what a policy and models find in a recording or a film; twice the same."""

import argparse
import asyncio
import logging
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from argusd.benchmarks.rigs.virtual import Models
from argusd.scheduler.contract.messages import RoleStatus
from argusd.scheduler.contract.policy import Policy
from argusd.scheduler.loaded.roles import batched

from ...arguments import existing_file, refuse
from ...config import load_config
from ...errors import UsageInvalid
from ...options import configure_json
from ...recordings.differences import differences, lines_of
from ...recordings.findings import Finding, written
from ...recordings.replaying import filled_roles, findings_in, policy_in, replayed
from ...table import table, window

HELP = {"replay": "find in a recording or a film what a session would find"}
CHOSEN = re.compile(r"([a-z]+(?:_[a-z]+)*)=(\w+)", re.ASCII)
HEAD = ("STREAM", "FINDING", "STARTED", "TOLD", "ENDED", "CONFIDENCE")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("file", type=existing_file, metavar="FILE", help="a recording, or any media file")
    parser.add_argument(
        "--policy",
        type=existing_file,
        action="append",
        default=[],
        metavar="FILE",
        help="a policy as JSON (default: the defaults); given twice, what the second changes",
    )
    parser.add_argument(
        "--models",
        type=chosen,
        action="extend",
        nargs="+",
        default=[],
        metavar="ROLE=NAME",
        help="models in place of the configured ones",
    )
    parser.add_argument(
        "--against",
        type=existing_file,
        metavar="FILE",
        help="findings of an earlier --json: what is different now",
    )
    configure_json(parser, "finding, or difference,")


def chosen(text: str) -> tuple[str, str]:
    """``role=name``."""
    found = CHOSEN.fullmatch(text) or refuse("ROLE=NAME, such as vad=silero_vad", text)
    return found[1], found[2]


def run(args: argparse.Namespace) -> int:
    """Play the file, once a policy, and print what was found, or what is different."""
    if len(args.policy) + (args.against is not None) > 2:
        raise UsageInvalid("a replay compares two: give one --policy beside --against, or two without it")
    earlier = findings_in(args.against) if args.against else None
    policies = [policy_in(file) for file in args.policy] or [Policy()]
    models = models_for(args)
    found = [asyncio.run(replayed(models, args.file, policy)) for policy in policies]
    before, now = earlier if len(found) == 1 else found[0], found[-1]
    lines = shown(now, json=args.json) if before is None else compared(before, now, json=args.json)
    for line in lines:
        print(line)
    return 0


def models_for(args: argparse.Namespace) -> Models:
    """Those that look, by role; which roles have none is told on stderr."""
    chosen = dict(args.models)
    variables = {f"ARGUSD_SCHEDULER__MODELS__{role.upper()}": name for role, name in chosen.items()}
    config = load_config(args.config, variables)
    # What a daemon would log is said below, once.
    logging.getLogger("argusd").addHandler(logging.NullHandler())
    roles = filled_roles(config.scheduler, chosen)
    for line in lacking(each.status for each in roles if each.filled is None):
        print(line, file=sys.stderr)
    return batched(roles)


def lacking(unfilled: Iterable[RoleStatus]) -> Iterator[str]:
    """One line for all roles that have no model here, and one for each reason why models do not serve."""
    absent: list[str] = []
    refused: defaultdict[str, list[str]] = defaultdict(list)
    for status in unfilled:
        (refused[status.detail] if status.model else absent).append(status.role)
    for reason, roles in refused.items():
        yield f"without {', '.join(roles)}: {reason}"
    if absent:
        yield f"no model is here for {', '.join(absent)}: `argusd models pull` gets them"


def shown(found: list[Finding], *, json: bool) -> list[str]:
    """Findings: in columns, or one a line as JSON."""
    if json:
        return written(found)
    rows = [
        (
            each.stream,
            each.name,
            *(f"{seconds:.2f} s" for seconds in (each.started_s, each.told_s, each.ended_s)),
            f"{each.confidence:.2f}",
        )
        for each in found
    ]
    return table(HEAD, rows, window(), {}) if rows else ["nothing was found"]


def compared(before: list[Finding], now: list[Finding], *, json: bool) -> Iterator[str]:
    """Differences: in words, or one a line as JSON."""
    found = differences(before, now)
    if not json:
        return lines_of(found)
    return (msgspec.json.encode(each).decode() for each in found if each.change != "same")
