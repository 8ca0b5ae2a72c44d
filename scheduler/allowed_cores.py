"""How many cores this process may use: by its affinity, and by the quota of its container.

A quota (``docker --cpus``, Kubernetes' ``limits.cpu``, systemd's ``CPUQuota=``) is said of a control group,
and holds for all in it and below it. Who keeps more threads at work than that is stopped for the rest of each
period, a tenth of a second as a rule, with all it was about to do.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
OURS = Path("/proc/self/cgroup")


def allowed_cores(groups: Path = GROUPS, ours: Path = OURS) -> float:
    """Cores, of which a quota may allow a part only."""
    return min([float(len(os.sched_getaffinity(0))), *_quotas(groups, ours)])


def whole_cores() -> int:
    """How many threads may be at work all the time; at least one."""
    return max(1, int(allowed_cores()))


def _quotas(groups: Path, ours: Path) -> Iterator[float]:
    """Those that hold for us, in cores, as far as they can be seen from here."""
    for group in _our_groups(groups, ours):
        said = [each for each in _quota_and_period(group) if each.isdecimal()]  # "max" and -1 are none
        if len(said) == 2:
            quota, period = map(int, said)
            yield quota / period


def _our_groups(groups: Path, ours: Path) -> Iterator[Path]:
    """Our control groups and all above them; a container shows its own as the topmost one."""
    with contextlib.suppress(OSError):  # a kernel without control groups
        for line in ours.read_text("utf-8").splitlines():
            _, controllers, path = line.split(":", 2)  # see cgroups(7)
            if not controllers or "cpu" in controllers.split(","):
                top = groups / "cpu" if controllers else groups
                yield from (top / str(each).lstrip("/") for each in (Path(path), *Path(path).parents))


def _quota_and_period(group: Path) -> list[str]:
    """In microseconds, as text, by the control groups of today or by those of before."""
    for files in (["cpu.max"], ["cpu.cfs_quota_us", "cpu.cfs_period_us"]):
        with contextlib.suppress(OSError):  # a group that is not shown here, or of the other kind
            return [word for file in files for word in (group / file).read_text("ascii").split()]
    return []
