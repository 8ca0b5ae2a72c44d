"""``argusd reload``: the schedulers' next lives load their models, and take over without a gap."""

import argparse
import asyncio
import signal
import time
from collections.abc import Callable
from functools import partial

import msgspec

from ..asking import ask
from ..config import load_config
from ..errors import ReloadFailed
from ..options import Endpoint, local_endpoint
from ..supervision.running import signal_daemon, take_refusal

HELP = {"reload": "load the models anew in the daemon that runs here, while it serves"}

ASK_EVERY_S = 0.5
RELOADED_WITHIN_S = 600.0


class Worker(msgspec.Struct, frozen=True):
    """What ``/health`` says of one worker; only a scheduler has a ``boot``."""

    worker_id: str
    boot: str | None


class Health(msgspec.Struct, frozen=True):
    """What ``/health`` says."""

    workers: list[Worker]


Boots = dict[str, str]


def configure(_parser: argparse.ArgumentParser) -> None:
    """No options of its own."""


def run(args: argparse.Namespace) -> int:
    """Reload; 0 when every scheduler is a new one."""
    config = load_config(args.config)

    def begin() -> None:
        take_refusal(config.state_dir)  # an earlier reload's
        signal_daemon(config.state_dir, signal.SIGHUP)

    asyncio.run(reload(local_endpoint(config), begin, partial(take_refusal, config.state_dir)))
    return 0


async def reload(
    daemon: Endpoint, begin: Callable[[], None], refusal: Callable[[], str | None] = lambda: None
) -> None:
    """Have the daemon reload by ``begin``, and wait until each of its schedulers is another one than before.

    ``refusal`` tells why it will not be so, once the daemon has said that.

    Raises:
        Unreachable: nobody answers.
        ReloadFailed: it will not be so, or some scheduler is still the same after ten minutes.
    """
    before = await boots(daemon)
    begin()
    print(f"reloading {', '.join(before)} …", flush=True)
    waits_for, deadline = set(before), time.monotonic() + RELOADED_WITHIN_S
    while waits_for:
        if why := refusal():
            raise ReloadFailed(f"not reloaded: {why}")
        if time.monotonic() >= deadline:
            raise ReloadFailed(f"{', '.join(sorted(waits_for))} did not reload; the daemon's log says why")
        await asyncio.sleep(ASK_EVERY_S)
        now = await boots(daemon)
        for name in sorted(waits_for):
            if now.get(name, before[name]) != before[name]:
                print(f"{name} has reloaded", flush=True)
                waits_for.discard(name)


async def boots(daemon: Endpoint) -> Boots:
    """The life of each scheduler that is there."""
    health = await ask(daemon, "GET", "/health", Health)
    return {worker.worker_id: worker.boot for worker in health.workers if worker.boot is not None}
