"""How many cores a process may use, with control groups that a test writes."""

import os
from pathlib import Path

import pytest

from argusd.scheduler import allowed_cores as module
from argusd.scheduler.allowed_cores import allowed_cores, whole_cores

OLDER = "4:memory:/elsewhere\n3:cpu,cpuacct:/pod/container\n0::/\n"


@pytest.fixture(autouse=True)
def sixteen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)))


def allowed(folder: Path, ours: str, **files: str) -> float:
    """With these files of control groups; ``__`` in their names stands for ``/``."""
    for name, text in files.items():
        file = folder / name.replace("__", "/").replace("cpu_", "cpu.")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")
    (folder / "ours").write_text(ours)
    return allowed_cores(folder, folder / "ours")


@pytest.mark.parametrize(
    ("ours", "files", "cores"),
    [
        ("0::/\n", {"cpu_max": "150000 100000"}, 1.5),
        ("0::/\n", {"cpu_max": "max 100000"}, 16),
        ("0::/\n", {"cpu_max": "6400000 100000"}, 16),
        ("0::/\n", {}, 16),
        ("0::/pod/container\n", {"pod__container__cpu_max": "max 100000", "pod__cpu_max": "50000 25000"}, 2),
        ("0::/../../other\n", {"cpu_max": "200000 100000"}, 2),
        (OLDER, {"cpu__cpu_cfs_quota_us": "50000", "cpu__cpu_cfs_period_us": "100000"}, 0.5),
        (OLDER, {"cpu__pod__cpu_cfs_quota_us": "300000", "cpu__pod__cpu_cfs_period_us": "100000"}, 3),
        (OLDER, {"cpu__cpu_cfs_quota_us": "-1", "cpu__cpu_cfs_period_us": "100000"}, 16),
        (OLDER, {"memory__cpu_cfs_quota_us": "50000", "memory__cpu_cfs_period_us": "100000"}, 16),
    ],
)
def test_the_least_that_affinity_and_quotas_allow_counts(
    tmp_path: Path, ours: str, files: dict[str, str], cores: float
) -> None:
    assert allowed(tmp_path, ours, **files) == cores


def test_where_there_are_no_control_groups_affinity_counts(tmp_path: Path) -> None:
    assert allowed_cores(tmp_path, tmp_path / "none") == 16


@pytest.mark.parametrize(("cores", "whole"), [(0.5, 1), (1.9, 1), (2.0, 2), (16.0, 16)])
def test_no_more_threads_than_whole_cores_are_kept_at_work(
    monkeypatch: pytest.MonkeyPatch, cores: float, whole: int
) -> None:
    monkeypatch.setattr(module, "allowed_cores", lambda: cores)
    assert whole_cores() == whole
