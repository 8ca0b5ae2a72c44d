"""``argusd bench NAME``: one benchmark of ``benchmarks/``, its figures printed and kept."""

import argparse
from importlib import import_module
from pathlib import Path

from argusd.benchmarks.harness import save_json, save_plot, show
from argusd.scheduler.contract.names import did_you_mean

from ..errors import ConfigInvalid

BENCHMARKS = ("ingest", "loss", "ring", "batching", "overload", "sessions", "tasks", "loop", "soak")
HELP = {"bench": "run a benchmark"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("name", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="fewer rounds: no figure to quote")
    parser.add_argument("--hours", type=float, help="how long a soak goes on (default: 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result as JSON")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the result (needs the bench extra)")


def run(args: argparse.Namespace) -> int:
    """Measure, print, keep; 1 if something was found that must not be."""
    if args.name not in BENCHMARKS:
        near = did_you_mean(args.name, BENCHMARKS)
        raise ConfigInvalid(f"there is no benchmark {args.name!r}{near} There are {', '.join(BENCHMARKS)}")
    if args.hours and args.name != "soak":
        raise ConfigInvalid("--hours is for a soak alone")
    module = import_module(f"argusd.benchmarks.{args.name}")
    result = module.soak(args.hours) if args.hours else module.main(args.quick)
    print(show(result))
    if args.json:
        save_json(result, args.json)
    if args.plot:
        save_plot(result, args.plot)
    return 1 if result.failures else 0
