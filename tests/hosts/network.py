"""Machines made of namespaces, and the switch that they hang on.

A machine has its own network, mounts, processes, name and ``/dev/shm``; it shares this machine's kernel and
its files. The switch is a network of its own, from which no way leads outside; the test itself works at it.
Everything ends with the process that made it. It needs root, and a kernel that lets it; where that is not to
be had a test skips and says what was refused.
"""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import psutil
import pytest

TOOLS = ("ip", "mount", "nsenter", "setpriv", "unshare")
NAMESPACES = ("--net", "--mount", "--uts", "--ipc", "--pid")
NETWORK = "10.77.0"
CLONE_NEWNET = 0x40000000

SWITCH = f"""
ip link set lo up && ip link add switch type bridge && ip link set switch up &&
ip address add {NETWORK}.1/24 dev switch && echo up && exec sleep infinity"""
MACHINE = """
echo "$0" >/proc/sys/kernel/hostname && mount -t tmpfs tmpfs /dev/shm && ip link set lo up &&
echo up && exec sleep infinity"""


def require_namespaces() -> None:
    """Skip where machines cannot be made."""
    if os.geteuid() != 0:
        pytest.skip("machines made of namespaces need root")
    if lacking := [tool for tool in TOOLS if not shutil.which(tool)]:
        pytest.skip(f"{', '.join(lacking)} is not installed")


class Namespaces:
    """Namespaces that last as long as one process in them, which ``command`` starts and which says ``up``."""

    def __init__(self, *command: str) -> None:
        # However this process ends, so do they.
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        if self.process.stdout.readline() != "up\n":
            _, refusal = self.process.communicate()
            pytest.skip(f"machines cannot be made of namespaces here: {refusal.strip()}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


class Switch(Namespaces):
    """A network without a way out."""

    address = f"{NETWORK}.1"

    def __init__(self) -> None:
        super().__init__("--net", "sh", "-c", SWITCH)

    def ip(self, *words: str) -> None:
        """Change something of the network."""
        command = ["nsenter", "--target", str(self.process.pid), "--net", "ip", *words]
        subprocess.run(command, check=True, timeout=30)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Work at the switch: what this thread opens is there, and what its children do is."""
        with (
            Path("/proc/thread-self/ns/net").open("rb") as ours,
            Path(f"/proc/{self.process.pid}/ns/net").open("rb") as theirs,
        ):
            enter(theirs.fileno())
            try:
                yield
            finally:
                enter(ours.fileno())


def enter(namespace: int) -> None:
    """Have this thread's network be the one of this descriptor."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Machine(Namespaces):
    """A machine that is up, with a cable to the switch. ``number`` is the last of its address."""

    def __init__(self, switch: Switch, name: str, number: int) -> None:
        super().__init__(*NAMESPACES, "--fork", "--kill-child", "--mount-proc", "sh", "-c", MACHINE, name)
        (self._init,) = psutil.Process(self.process.pid).children()
        self._switch, self._port = switch, f"port-{name}"
        self.address = f"{NETWORK}.{number}"
        # Who has its address keeps its card: others would know the older one for a minute.
        card = ["eth0", "address", f"02:00:00:00:00:{number:02x}", "netns", str(self._init.pid)]
        switch.ip("link", "add", self._port, "type", "veth", "peer", *card)
        switch.ip("link", "set", self._port, "master", "switch", "up")
        inside = self.command("ip")
        subprocess.run([*inside, "address", "add", f"{self.address}/24", "dev", "eth0"], check=True)
        subprocess.run([*inside, "link", "set", "eth0", "up"], check=True)

    def command(self, *words: str) -> list[str]:
        """What runs a command there."""
        return ["nsenter", "--target", str(self._init.pid), *NAMESPACES, "--", *words]

    def kill(self) -> None:
        """Let the machine die, and all that runs on it, at once."""
        self._init.kill()
        self.process.communicate()

    def pull_cable(self) -> None:
        """Nothing comes in or goes out; all goes on."""
        self._switch.ip("link", "set", self._port, "down")

    def plug_cable(self) -> None:
        """Let it be reached again."""
        self._switch.ip("link", "set", self._port, "up")
