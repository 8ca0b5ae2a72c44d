"""What can be measured: how a system is started, how it is asked, and where its answer lies."""

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from socket import create_server
from typing import NamedTuple, Protocol

from .server import Command, Server, serving
from .work import Answer, Request, Work

HOST = "127.0.0.1"
PORTS = 4  # that a system may have


class Start(NamedTuple):
    """What a system needs to be started: which task it is for (None: streams), a folder and free ports."""

    work: Work | None
    folder: Path
    ports: Sequence[int]


class Starting(NamedTuple):
    """The processes of a system, and the URLs that answer once it is ready; it serves at the first."""

    commands: list[Command]
    urls: list[str]


class System(Protocol):
    """One of those that are compared."""

    name: str

    def start(self, start: Start) -> Starting:
        """How it is started."""

    def request(self, work: Work, jpeg: bytes) -> Request:
        """How a picture is asked about."""

    def result(self, body: bytes) -> Answer:
        """What an answer says."""


@asynccontextmanager
async def running(system: System, work: Work | None = None) -> AsyncIterator[Server]:
    """The system at work, for this task or for streams.

    Raises:
        NotReady: it did not start.
    """
    with tempfile.TemporaryDirectory() as folder:
        starting = system.start(Start(work, Path(folder), free_ports(PORTS)))
        async with serving(starting.commands, starting.urls) as server:
            yield server


def free_ports(number: int) -> list[int]:
    """Ports of this host that nobody listens on now."""
    probes = [create_server((HOST, 0)) for _ in range(number)]
    try:
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def url(port: int, path: str = "") -> str:
    """Where something on this host is."""
    return f"http://{HOST}:{port}{path}"
