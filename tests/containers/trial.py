"""Runs what ``steps.py`` has made as the manifests have it: models pulled, served, asked to end.

    python -m tests.containers.trial FOLDER

The process is the first of its namespaces, has no capability and no network but a loopback of its own, and
may write to its volumes alone. Models lie in ``FOLDER/models-volume``: pulled, and pulled again without a
network, which is what the second pod's init container does where there is none.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from .root import start_container

PATIENCE_S = 300
GROUP = 10001
ASK = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8015/ready', timeout=5).status)"


def main() -> int:
    """Pull, serve, end; 0 if all went as it should."""
    folder = Path(sys.argv[1])
    volume = folder / "models-volume"
    volume.mkdir(exist_ok=True)
    os.chown(volume, 0, GROUP)
    volume.chmod(0o2775)  # as fsGroup leaves it
    for network in (True, False):
        pulled = started(folder, "models", volume, network=network).wait()
        print(f"models pulled, {'with' if network else 'without'} a network: status {pulled}", flush=True)
        if pulled:
            return 1
    begun = time.monotonic()
    serving = started(folder, "serve", volume, network=False)
    try:
        first = first_inside(serving)
        while not ready(first):
            if serving.poll() is not None or time.monotonic() - begun > PATIENCE_S:
                print(f"not ready after {time.monotonic() - begun:.0f} s, status {serving.poll()}")
                return 1
            time.sleep(0.5)
        print(f"ready after {time.monotonic() - begun:.1f} s", flush=True)
        subprocess.run(["kill", "-TERM", str(first)], check=True)
        status = serving.wait(timeout=PATIENCE_S)
        print(f"asked to end: status {status}", flush=True)
        return status
    finally:
        serving.kill()


def started(folder: Path, stage: str, volume: Path, *, network: bool) -> "subprocess.Popen[bytes]":
    """The stage's own command, as its own user."""
    image = json.loads((folder / f"{stage}.json").read_text())
    command = [*image["entrypoint"], *image["cmd"]]
    return start_container(folder / stage, volume, image["user"], image["env"], command, network=network)


def first_inside(container: "subprocess.Popen[bytes]") -> int:
    """The pid, out here, of the process that is the first in there."""
    children = Path(f"/proc/{container.pid}/task/{container.pid}/children")
    while not (found := children.read_text().split()):
        time.sleep(0.05)
    return int(found[0])


def ready(pid: int) -> bool:
    """Whether the daemon in there says so."""
    asked = subprocess.run(
        ["nsenter", f"--target={pid}", "--net", sys.executable, "-c", ASK], capture_output=True, check=False
    )
    return asked.stdout.strip() == b"200"


if __name__ == "__main__":
    sys.exit(main())
