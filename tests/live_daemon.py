"""A whole daemon, started as a person would start it, and its publisher."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import psutil

from .described import told
from .ports import free_port

Event = dict[str, Any]

ARGUSD = (sys.executable, "-P", "-m", "argusd.daemon")
READY_SOCKET = "ready.sock"
READY_WITHIN_S = 300  # every model is tried and timed first, on a machine that may be busy
PUBLISHED_WITHIN_S = 300


class Daemon(NamedTuple):
    """A running ``argusd serve``."""

    process: "subprocess.Popen[bytes]"
    url: str

    def child(self, name: str) -> psutil.Process:
        """The process of this name (``api``, ``ingest-0``, ``scheduler-bulk``) that runs now."""
        wanted = set(name.split("-"))
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if wanted <= set(child.cmdline()))

    def publish(self, source: str, session: str, *options: str) -> list[Event]:
        """Publish to the end, as a process of its own; the events that it printed."""
        command = self.publish_command(source, session, *options)
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=PUBLISHED_WITHIN_S
        )
        assert done.returncode == 0, done.stderr
        return [told(json.loads(line)) for line in done.stdout.splitlines()]

    @contextmanager
    def publishing(self, source: str, session: str, *options: str) -> Iterator["subprocess.Popen[str]"]:
        """A publisher at work; it is interrupted at the end, as by Ctrl-C."""
        command = self.publish_command(source, session, *options)
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as publisher:
            try:
                yield publisher
            finally:
                publisher.send_signal(signal.SIGINT)
                publisher.communicate(timeout=PUBLISHED_WITHIN_S)

    def publish_command(self, source: str, session: str, *options: str) -> list[str]:
        """The command line of a publisher of this daemon."""
        return [*ARGUSD, "publish", source, "--session", session, "--url", self.url, "--json", *options]


@contextmanager
def starting(state_dir: Path, log: IO[bytes] | None = None, **settings: str) -> Iterator[Daemon]:
    """A daemon that has just been started; it is killed at the end, if it is still there.

    It takes sessions that it cannot promise to serve in time: on a slow or busy machine they find the same,
    later. Slow tasks' models stay, so that no test waits for them again. ``settings``: further ``ARGUSD_``
    variables, without the prefix. ``log``: where all its processes write what they log, if not to stderr.
    """
    port = int(settings.pop("API__PORT", free_port()))
    settings = {"API__OVERCOMMIT": "true", "SCHEDULER__IDLE_S": "3600"} | settings
    environment = os.environ | {f"ARGUSD_{key}": value for key, value in settings.items()}
    command = [*ARGUSD, "serve", "--port", str(port), "--state-dir", str(state_dir)]
    environment["NOTIFY_SOCKET"] = str(state_dir / READY_SOCKET)
    with subprocess.Popen(command, env=environment, stderr=log) as process:
        try:
            yield Daemon(process, f"http://127.0.0.1:{port}")
        finally:
            process.kill()


@contextmanager
def started(state_dir: Path, log: IO[bytes] | None = None, **settings: str) -> Iterator[Daemon]:
    """A daemon all of whose processes are ready; see ``starting``."""
    with ready_socket(state_dir) as ready, starting(state_dir, log, **settings) as daemon:
        assert ready.recv(64) == b"READY=1"
        yield daemon


@contextmanager
def ready_socket(state_dir: Path) -> Iterator[socket.socket]:
    """Where the daemon says that it is ready, as it would to systemd."""
    (state_dir / READY_SOCKET).unlink(missing_ok=True)  # of an earlier daemon with the same state
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
        ready.settimeout(READY_WITHIN_S)
        ready.bind(str(state_dir / READY_SOCKET))
        yield ready


def next_event(publisher: "subprocess.Popen[str]", *names: str) -> Event:
    """Read the publisher's events until one has one of these names."""
    assert publisher.stdout is not None
    for line in publisher.stdout:
        event: Event = told(json.loads(line))
        if event["name"] in names:
            return event
    raise AssertionError(f"the publisher ended without {names}")
