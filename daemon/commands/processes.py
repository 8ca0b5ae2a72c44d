"""``argusd api|ingest|scheduler``: one process of the daemon, as systemd or ``argusd serve`` starts it."""

import argparse
from functools import partial
from pathlib import Path
from typing import get_args

import msgspec

from argusd.scheduler.contract.tiers import Tier, scheduler_name

from ..arguments import whole
from ..config import Config, load_config
from ..supervision.child import ChildSpec
from ..supervision.folders import make_folder
from ..supervision.notify import DRAINED, notify
from ..supervision.process import Entry, configure_supervised, run_process
from ..supervision.standby import run_standby

HELP = {
    "api": "run the HTTP process alone (systemd)",
    "ingest": "run one ingest worker alone (systemd)",
    "scheduler": "run one scheduler alone (systemd)",
    "evidence": "run alone what keeps evidence of violations (systemd)",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--index", type=whole(0), default=0, metavar="N", help="which one of its kind, from 0"
    )
    parser.add_argument(
        "--tier", choices=get_args(Tier), default="live", help="of schedulers: live work, or slow tasks"
    )
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)  # of one that stands by
    configure_supervised(parser)


def run(args: argparse.Namespace) -> int:
    """Serve until SIGTERM."""
    config = load_config(args.config)
    name = process_name(args.command, args.index, args.tier)
    if args.command != "ingest":  # which keeps nothing
        make_folder("state_dir", config.state_dir)
    make_folder("runtime_dir", config.runtime_dir)
    stands_by = args.command == "scheduler" and args.tier == "bulk" and not args.worker
    return run_process(
        name,
        standing_by(args.index, config)
        if stands_by
        else entry_of(args.command, args.index, args.tier, config),
        notify_socket=config.notify_socket,
        logs=config.logs,
        supervisor=args.supervised_by,
    )


def standing_by(index: int, config: Config) -> Entry:
    """The bulk scheduler's work, whose models a worker loads when they are needed.

    Raises:
        ConfigInvalid: there is no process of this index.
    """

    from .serve import argusd_child

    def worker_in(folder: Path) -> ChildSpec:
        spec = argusd_child("worker", ["scheduler", "--tier", "bulk", "--worker"], config)
        return msgspec.structs.replace(spec, env={**spec.env, "ARGUSD_RUNTIME_DIR": str(folder)})

    return partial(run_standby, config.scheduler_process("bulk", index), worker_in)


def process_name(command: str, index: int, tier: Tier) -> str:
    """What logs and the supervisor call it."""
    if command == "scheduler":
        return scheduler_name(tier, index)
    return f"ingest-{index}" if command == "ingest" else command


def entry_of(command: str, index: int, tier: Tier, config: Config) -> Entry:
    """The process's work. Each loads its own folder only: the api must stay free of every ML library.

    Raises:
        ConfigInvalid: there is no process of this index.
    """
    if command == "api":
        from argusd.api.app import run_api

        from ..supervision.preflight import check_address, check_one_of_many

        check_address(config.api)
        check_one_of_many(config.api)
        return partial(run_api, config.api, on_drained=partial(notify, config.notify_socket, DRAINED))
    if command == "ingest":
        from argusd.ingest.process import run_worker

        return partial(run_worker, config.ingest_worker(index))
    if command == "evidence":
        from argusd.scheduler.recorder.service import run_recorder

        return partial(run_recorder, config.recorder)
    from argusd.scheduler.runtime.service import run_scheduler

    return partial(run_scheduler, config.scheduler_process(tier, index))
