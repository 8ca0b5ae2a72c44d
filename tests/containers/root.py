"""A folder as a process's root, in namespaces of its own: what a container engine does, but for images."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NAMESPACES = ("unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child")
# Copied onto a tmpfs: nothing of this machine is mounted where a step could write to it.
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
COPIED = "/mnt/certificates.crt"
CERTIFICATE_VARIABLES = ("PIP_CERT", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "npm_config_cafile")
PASSED_ON = ("http_proxy", "https_proxy", "no_proxy")

MOUNTING = """
mount --make-rprivate / && mount --bind "$1" "$1" && cd "$1"
mount -t proc proc proc && mount -t tmpfs -o mode=1777 tmpfs tmp && mount -t tmpfs -o mode=755 tmpfs mnt
mount -t tmpfs -o mode=755 tmpfs dev && mkdir dev/shm && mount -t tmpfs -o mode=1777 tmpfs dev/shm
for node in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 "dev/${node%:*}" c 1 "${node#*:}"; done
ln -s /proc/self/fd dev/fd
"""
BUILDING = """
[ ! -f "$2" ] || cp "$2" ".$3"
shift 3
exec chroot . "$@"
"""
# As the manifests have it: a root that is only read, volumes, and folders in memory.
SERVING = """
[ ! -f "$2" ] || cp "$2" ".$3"
for volume in $4; do mkdir -p ".${volume#*:}" && mount --bind "${volume%%:*}" ".${volume#*:}"; done
for folder in var/lib/argusd run/argusd; do mount -t tmpfs -o mode=2777,gid="$5" tmpfs "$folder"; done
mount -o remount,bind,ro .
shift 5
exec chroot . "$@"
"""


def as_user(user: str, *more: str) -> list[str]:
    """Words before a command that is to run as ``uid:gid``."""
    uid, gid = user.split(":")
    return ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", *more]


def variables(environment: Mapping[str, str]) -> dict[str, str]:
    """All variables of a process: the image's, and what leads package clients out of here."""
    ways_out = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    certificates = dict.fromkeys(CERTIFICATE_VARIABLES, COPIED)
    return {"PATH": PATH, "HOME": "/tmp", **certificates, **ways_out, **environment}


def run_step(root: Path, user: str, environment: Mapping[str, str], command: Sequence[str]) -> int:
    """Run a build's step with ``root`` as its root; its status."""
    told = {"DEBIAN_FRONTEND": "noninteractive", **environment}
    entering = ["sh", "-ec", MOUNTING + BUILDING, "sh", str(root), CERTIFICATES, COPIED, *as_user(user)]
    done = subprocess.run(
        [*NAMESPACES, *entering, *command], env=variables(told), stdout=subprocess.DEVNULL, check=False
    )
    return done.returncode


def contained(
    root: Path, user: str, environment: Mapping[str, str], command: Sequence[str], volumes: Mapping[Path, str]
) -> list[str]:
    """Words that start a command as a kubelet would: no capability, nothing to write to but its volumes."""
    closed = as_user(user, "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all")
    mounted = " ".join(f"{outside}:{inside}" for outside, inside in volumes.items())
    script = [
        "sh",
        "-ec",
        MOUNTING + SERVING,
        "sh",
        str(root),
        CERTIFICATES,
        COPIED,
        mounted,
        user.split(":")[1],
    ]
    told = [f"{name}={value}" for name, value in variables(environment).items()]
    return ["env", "-i", *told, *NAMESPACES, *script, *closed, *command]
