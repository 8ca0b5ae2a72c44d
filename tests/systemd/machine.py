"""A machine with a systemd of its own: namespaces, a root in memory above this machine's, a cgroup.

It shares this machine's kernel and network and nothing else that can be written. It needs root, and a kernel
that lets it mount; where that is not to be had a test skips and says what was refused.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from argusd.daemon.config import load_config

ROOT = Path(__file__).parents[2]
BOOT = Path(__file__).with_name("boot.sh")
NAMESPACES = ("--pid", "--mount", "--ipc", "--uts", "--cgroup")
BOOTED_WITHIN_S = 20
PATIENCE_S = 60
TOOLS = ("setpriv", "unshare", "nsenter", "pivot_root", "systemctl", "/usr/lib/systemd/systemd")


class Machine(NamedTuple):
    """A running systemd: the process that made its namespaces, and its own pid outside of them."""

    process: "subprocess.Popen[bytes]"
    pid: int

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command as the machine's root and wait for its end."""
        inside = ["nsenter", "--target", str(self.pid), "--mount", "--pid", "--cgroup", "--", *command]
        return subprocess.run(inside, capture_output=True, text=True, check=False, timeout=300)

    def done(self, *command: str) -> str:
        """What a command that succeeds prints."""
        ended = self.run(*command)
        assert ended.returncode == 0, f"{command}: {ended.stdout}{ended.stderr}"
        return ended.stdout

    def show(self, unit: str) -> dict[str, str]:
        """A unit's properties, as systemctl has them."""
        lines = self.done("systemctl", "show", unit).splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def status(self, unit: str) -> dict[str, str]:
        """What the kernel says of a unit's main process: the lines of ``/proc/PID/status``."""
        lines = self.done("cat", f"/proc/{self.show(unit)['MainPID']}/status").splitlines()
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def kill(self, unit: str, signal: str) -> None:
        """Send a unit's main process a signal."""
        self.done("systemctl", "kill", "--kill-whom=main", f"--signal={signal}", unit)

    def log(self, unit: str) -> str:
        """All that a unit's processes, and systemd about them, have written."""
        return self.done("journalctl", "--no-pager", "--output=cat", f"--unit={unit}")

    def write(self, path: str, text: str) -> None:
        """Put a file into the machine."""
        script = 'mkdir -p "$(dirname "$1")" && printf %s "$2" >"$1"'
        self.done("sh", "-c", script, "sh", path, text)

    def until(self, unit: str, **wanted: str) -> dict[str, str]:
        """Return a unit's properties once these are as wanted; systemd tells nobody outside of changes."""
        deadline = time.monotonic() + PATIENCE_S
        while not wanted.items() <= (shown := self.show(unit)).items():
            assert time.monotonic() < deadline, f"{unit}: { {name: shown[name] for name in wanted} }"
            time.sleep(0.05)
        return shown


@contextmanager
def booted(folder: Path) -> Iterator[Machine]:
    """A machine that is up; ``folder`` is empty. Everything in it ends with the context."""
    cgroup = own_cgroup()
    script = ["sh", str(BOOT), str(folder), *host_folders()]
    machine = ["unshare", *NAMESPACES, "--fork", "--kill-child", *script]
    command = ["setpriv", "--pdeathsig", "KILL", *machine]  # however this process ends, so does the machine
    entering = 'echo $$ >"$0" && exec "$@"'
    with subprocess.Popen(
        ["sh", "-c", entering, str(cgroup / "cgroup.procs"), *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield wait_until_up(process)
        finally:
            process.kill()
            process.wait()
            remove(cgroup)


def host_folders() -> list[str]:
    """Of this machine: Python, the repository, the installed packages, the model cache."""
    return [sys.base_prefix, str(ROOT), sysconfig.get_path("purelib"), str(load_config().cache_dir)]


def own_cgroup() -> Path:
    """A cgroup for the machine alone."""
    if os.geteuid() != 0:
        pytest.skip("a systemd of its own needs root")
    if lacking := [tool for tool in TOOLS if not shutil.which(tool)]:
        pytest.skip(f"{', '.join(lacking)} is not installed")
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    trees = [Path(mount[1]) for mount in mounts if mount[2] == "cgroup2"]
    if not trees:
        pytest.skip("there is no cgroup2 tree, which systemd needs")
    cgroup = trees[0] / f"argusd-test-{os.getpid()}"
    try:
        cgroup.mkdir()
    except OSError as error:
        pytest.skip(f"no cgroup can be made: {error.strerror}")
    return cgroup


def wait_until_up(process: "subprocess.Popen[bytes]") -> Machine:
    """The machine, once its systemd has started."""
    deadline = time.monotonic() + BOOTED_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        for child in psutil.Process(process.pid).children():
            machine = Machine(process, child.pid)
            if machine.run("systemctl", "is-system-running").stdout.strip() == "running":
                return machine
        time.sleep(0.05)
    process.kill()
    assert process.stderr is not None
    pytest.skip(f"systemd does not start in namespaces here: {process.stderr.read().decode().strip()}")


def remove(cgroup: Path) -> None:
    """Remove a cgroup whose processes are being killed."""
    deadline = time.monotonic() + PATIENCE_S
    while (events := (cgroup / "cgroup.events").read_text()) and "populated 1" in events:
        assert time.monotonic() < deadline, "processes of the machine outlive it"
        time.sleep(0.02)
    for folder in sorted((path for path in cgroup.rglob("*") if path.is_dir()), reverse=True):
        folder.rmdir()
    cgroup.rmdir()
