"""``argusd serve``: the whole daemon in the foreground, its processes supervised."""

import argparse
import asyncio
import logging
import os
import sys
from functools import partial

from argusd.scheduler.contract.tiers import scheduler_name

from ..config import Config, resolve
from ..logs import configure_logs
from ..options import configure_daemon, daemon_config, local_endpoint
from ..served import what_is_served
from ..supervision.child import ChildSpec
from ..supervision.notify import READY, STOPPING, notify
from ..supervision.preflight import check_address, check_one_of_many, hold_state_dir, require_free_port
from ..supervision.process import configure_supervised, disable_core_dumps, end_with_supervisor
from ..supervision.restarts import RestartRule
from ..supervision.running import tell_refusal
from ..supervision.stopping import grace_s
from ..supervision.supervisor import Supervisor

HELP = {"serve": "run the daemon: api, ingest workers and schedulers"}

log = logging.getLogger(__name__)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    configure_daemon(parser)
    configure_supervised(parser)


def run(args: argparse.Namespace) -> int:
    """Serve until SIGTERM; 0 after a clean end."""
    config = daemon_config(args)
    check_address(config.api)
    check_one_of_many(config.api)
    configure_logs("serve", config.logs)
    disable_core_dumps()
    if not end_with_supervisor(args.supervised_by):
        return 1
    with hold_state_dir(config):
        require_free_port(config)
        return asyncio.run(_serve(config))


async def _serve(config: Config) -> int:
    telling: set[asyncio.Task[None]] = set()  # one at most, kept from being collected

    def announce() -> None:
        notify(config.notify_socket, READY)
        telling.add(asyncio.create_task(tell_what_is_served(config)))

    drain_s = config.api.cluster.drain_s if config.api.cluster else 0.0
    supervisor = Supervisor(
        child_specs(config),
        config.runtime_dir,
        RestartRule(),
        announce,
        drain_s,
        check=partial(resolve, config.environment),
        on_not_reloaded=partial(tell_refusal, config.state_dir),
    )
    supervisor.handle_signals()
    clean = await supervisor.run()
    notify(config.notify_socket, STOPPING)
    log.info("argusd has ended")
    return 0 if clean else 1


async def tell_what_is_served(config: Config) -> None:
    """Every process is ready: say where the daemon is, and what it serves."""
    daemon = local_endpoint(config)
    log.info("argusd is up at %s, %s", daemon.url, await what_is_served(daemon))


def child_specs(config: Config) -> list[ChildSpec]:
    """The daemon's processes. The api is the first to hear of a stop: it turns new work away."""
    commands = {"api": ["api"]}
    commands |= {f"ingest-{n}": ["ingest", "--index", str(n)] for n in range(config.ingest_workers)}
    live = range(config.scheduler.live)
    commands |= {scheduler_name("live", n): ["scheduler", "--index", str(n)] for n in live}
    commands[scheduler_name("bulk", 0)] = ["scheduler", "--tier", "bulk"]
    commands["evidence"] = ["evidence"]
    return [argusd_child(name, command, config) for name, command in commands.items()]


def argusd_child(name: str, command: list[str], config: Config) -> ChildSpec:
    """An ``argusd`` command as a child of this process."""
    # -P: the working directory is no place to import from.
    argv = [sys.executable, "-P", "-m", "argusd.daemon", *command, "--supervised-by", str(os.getpid())]
    return ChildSpec(
        name,
        argv,
        config.environment,
        grace_s(command[0], config.shutdown_s),
        vital=command[0] in ("api", "ingest"),  # ``/ready`` tells what else is away
        overlaps=command[0] == "scheduler",
        drains=command[0] == "api",
    )
