"""``argusd replay FILE``: what a policy and models find in a recording or a film; twice the same."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Iterator

import msgspec

from argusd.benchmarks.rigs.virtual import Models
from argusd.scheduler.contract.policy import Policy
from argusd.scheduler.loaded.roles import batched, missing

from ...arguments import existing_file
from ...config import load_config
from ...errors import ConfigInvalid
from ...options import configure_json
from ...recordings.differences import differences, lines_of
from ...recordings.findings import Finding, written
from ...recordings.replaying import filled_roles, findings_in, policy_in, replayed
from ...table import table, window

HELP = {"replay": "find in a recording or a film what a session would find"}
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
    role, sign, name = text.partition("=")
    if not (role and sign and name):
        raise argparse.ArgumentTypeError(f"must be ROLE=NAME, such as vad=silero_vad, not {text!r}")
    return role, name


def run(args: argparse.Namespace) -> int:
    """Play the file, once a policy, and print what was found, or what is different."""
    if len(args.policy) + (args.against is not None) > 2:
        raise ConfigInvalid("a replay compares two: give one --policy beside --against, or two without it")
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
    for role, reason in missing(roles).items():
        print(f"without {role}: {reason}", file=sys.stderr)
    return batched(roles)


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
