"""How much memory this process may take before the kernel kills for it: the machine's and its cgroups'."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from ..errors import ArenaUnavailable

ROOT = Path("/")


def available_bytes(root: Path = ROOT) -> int:
    """What can be had without swapping. ``root``: where /proc and /sys are.

    Raises:
        ArenaUnavailable: the kernel does not tell.
    """
    return min([_of_machine(root), *_of_cgroups(root)])


def _of_machine(root: Path) -> int:
    """MemAvailable of proc(5), which is in KiB."""
    for line in (root / "proc/meminfo").read_text("utf-8").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) << 10
    raise ArenaUnavailable("/proc/meminfo does not tell how much memory is available")


def _of_cgroups(root: Path) -> Iterator[int]:
    """What each of its cgroups leaves of the limit that it has, if any (cgroups(7), version 2)."""
    mount = root / "sys/fs/cgroup"
    own = next((line[3:] for line in _lines(root / "proc/self/cgroup") if line.startswith("0::")), "/")
    leaf = mount / own.strip("/")
    for folder in (leaf, *leaf.parents):
        if folder.is_relative_to(mount):
            with contextlib.suppress(OSError, ValueError):  # no limit, or none that is to be seen from here
                yield _left_of(folder)


def _left_of(cgroup: Path) -> int:
    """Its limit less what it holds; pages of files do not count, the kernel takes them back."""
    limit, held = (int((cgroup / f"memory.{name}").read_text("utf-8")) for name in ("max", "current"))
    counts = dict(line.split() for line in _lines(cgroup / "memory.stat"))
    return max(0, limit - held + int(counts["active_file"]) + int(counts["inactive_file"]))


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8").splitlines()
    except OSError:
        return []
