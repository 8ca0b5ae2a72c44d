"""What the scheduler makes of /proc, here a folder that a test writes."""

import os
from pathlib import Path

import pytest

from argusd.scheduler.runtime.cores import BESIDE, TICK_S, Cores

CPUS = sorted(os.sched_getaffinity(0))


class Host:
    """A host whose cores and processes were busy for as many seconds as a test says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = self.own = 0.0
        self.busy(0.0, 0.0)

    def busy(self, seconds: float, nice: float) -> None:
        """The first core: so long with work, and so long with work of lower priority."""
        lines = [f"cpu{CPUS[0]} {seconds / TICK_S:.0f} {nice / TICK_S:.0f} 0 9 9 0 0 0 0 0"]
        lines += [f"cpu{number} 0 0 0 9 9 0 0 0 0 0" for number in CPUS[1:]]
        others = max(CPUS) + 1
        (self.folder / "stat").write_text(
            "\n".join(["cpu 1 1 1 1", *lines, f"cpu{others} 999999 0 0 0 0 0 0 0"])
        )

    def process(self, pid: int, seconds: float) -> None:
        """A process with a name that is hard to read."""
        (self.folder / str(pid)).mkdir(exist_ok=True)
        fields = ["S", *["0"] * 10, f"{seconds / TICK_S:.0f}", "0", "0"]
        (self.folder / str(pid) / "stat").write_text(f"{pid} (a) b) " + " ".join(fields))


def cores(host: Host, pids: list[int]) -> Cores:
    return Cores(len(CPUS), lambda: pids, host.folder, lambda: host.now, lambda: host.own)


def test_what_others_use_is_not_left_and_work_of_lower_priority_gives_way(tmp_path: Path) -> None:
    host = Host(tmp_path)
    seen = cores(host, [])
    assert seen.left == len(CPUS)
    for second in range(1, 60):
        host.now, host.own = float(second), 0.25 * second
        host.busy(0.75 * second, 0.25 * second)
        seen.look(sessions=0)
    assert seen.left == pytest.approx(len(CPUS) - 0.5, abs=0.02)  # half a core is the least on one


def test_others_that_use_all_there_is_leave_a_fair_part(tmp_path: Path) -> None:
    host = Host(tmp_path)
    seen = cores(host, [])
    for second in range(1, 60):
        host.now = float(second)
        host.busy(2.0 * len(CPUS) * second, 0.0)
        seen.look(sessions=0)
    assert seen.left == len(CPUS) / 2


def test_what_a_session_costs_those_that_receive_it_is_measured(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.process(7, 0.0)
    seen = cores(host, [7, 8])  # nobody can see the other one
    assert seen.beside == BESIDE
    for second in range(1, 60):
        host.now = float(second)
        host.process(7, 0.9 * second)
        seen.look(sessions=9)
    assert seen.beside == pytest.approx((BESIDE + 0.9) / 10, rel=0.01)


def test_without_sessions_nothing_is_learnt_of_their_cost(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.process(7, 0.0)
    seen = cores(host, [7])
    host.now = 1.0
    host.process(7, 0.5)
    seen.look(sessions=0)
    assert seen.beside == BESIDE
