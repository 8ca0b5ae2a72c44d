"""What every argusd process does around its own work: signals, readiness, logs, its parent's death."""

import argparse
import asyncio
import contextlib
import faulthandler
import logging
import os
import resource
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

from argusd.api.errors import InsecureBind, RedisUrlUnusable, SecretUnreadable, StartError
from argusd.ingest.errors import (
    ArenaTooSmall,
    CredentialUnreadable,
    IncompatibleLibrary,
    IngestError,
    UnsupportedPlatform,
)
from argusd.scheduler.errors import DeviceUnavailable, SchedulerError, TracesUnavailable
from argusd.scheduler.orphans import end_with_parent

from ..arguments import whole
from ..errors import ConfigInvalid, WorkerEnded
from ..logs import LogSettings, configure_logs
from .notify import READY, STOPPING, Heartbeat, notify

log = logging.getLogger(__name__)

MOST_FILES = 65_536  # as in the units
# What another start would meet again; the supervisor gives up at once.
FINAL = (
    ArenaTooSmall,
    CredentialUnreadable,
    DeviceUnavailable,
    IncompatibleLibrary,
    InsecureBind,
    RedisUrlUnusable,
    SecretUnreadable,
    TracesUnavailable,
    UnsupportedPlatform,
)

Entry = Callable[[asyncio.Event, Callable[[], None], Callable[[], None]], Awaitable[None]]


def run_process(
    name: str, entry: Entry, *, notify_socket: str | None, logs: LogSettings, supervisor: int | None
) -> int:
    """Run one process's work under uvloop until SIGTERM or SIGINT; returns the exit code.

    2 is for what another start would meet again. ``entry(stop, on_ready, on_pass)`` calls ``on_ready`` once
    it serves, ``on_pass`` whenever its loop has come round, and returns soon after ``stop`` is set; a signal
    before it serves cancels it. ``supervisor`` is the pid of the process that must be our parent: when it
    dies, we get SIGTERM.
    """
    configure_logs(name, logs)
    disable_core_dumps()
    allow_open_files()
    faulthandler.enable()  # where a process hung that a watchdog aborts: files and lines, no values
    if not end_with_supervisor(supervisor):
        return 1
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_until_stopped(entry, notify_socket))
    except (StartError, IngestError, SchedulerError) as error:
        log.critical("%s", error)
        return ConfigInvalid.exit_code if isinstance(error, FINAL) else 1
    except WorkerEnded as error:
        log.critical("%s", error)
        return error.exit_code
    except Exception:
        log.critical("%s ends because of an error nobody expected", name, exc_info=True)
        return 1
    return 0


async def _until_stopped(entry: Entry, notify_socket: str | None) -> None:
    stop, serves = asyncio.Event(), asyncio.Event()

    def ready() -> None:
        notify(notify_socket, READY)
        serves.set()

    def asked_to_stop() -> None:
        notify(notify_socket, STOPPING)
        stop.set()
        if not serves.is_set():  # nothing has begun that would have to come to its end
            work.cancel()

    with contextlib.closing(Heartbeat(notify_socket)) as heartbeat:
        work = asyncio.ensure_future(entry(stop, ready, heartbeat))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, asked_to_stop)
        await asyncio.wait([work])
    if not work.cancelled():
        work.result()


def disable_core_dumps() -> None:
    """A core file would hold faces and voices. Both settings hold for our children too, Redis among them.

    A program that takes dumps (``core_pattern``) is called whatever the limit is: to it no memory is shown.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):  # a kernel without core dumps
        Path("/proc/self/coredump_filter").write_text("0", encoding="ascii")


def allow_open_files() -> None:
    """A shell allows few at first, and each connection is one."""
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed < min(most, MOST_FILES):
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, MOST_FILES), most))


def configure_supervised(parser: argparse.ArgumentParser) -> None:
    """Declare the option by which a parent process makes itself known."""
    parser.add_argument("--supervised-by", type=whole(1), metavar="PID", help=argparse.SUPPRESS)


def end_with_supervisor(parent: int | None) -> bool:
    """Have the kernel send us SIGTERM when our parent dies; False when it is dead already.

    Nothing happens when no parent has made itself known.
    """
    if parent is None:
        return True
    end_with_parent(signal.SIGTERM)
    return os.getppid() == parent
