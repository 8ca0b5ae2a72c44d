"""What a process may still take, as the machine and its cgroups tell."""

from pathlib import Path

import pytest

from argusd.ingest.errors import ArenaUnavailable
from argusd.ingest.shm.memory import available_bytes

MIB = 1 << 20


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine with 1000 MiB to give, and this process in a service's cgroup."""
    write(tmp_path / "proc/meminfo", f"MemTotal: 9 kB\nMemAvailable:   {1000 << 10} kB\n")
    write(tmp_path / "proc/self/cgroup", "4:memory:/elsewhere\n0::/system.slice/argusd.service\n")
    return tmp_path


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def limit(root: Path, cgroup: str, most: str, held_mib: int, files_mib: int = 0) -> None:
    folder = root / "sys/fs/cgroup" / cgroup
    write(folder / "memory.max", f"{most}\n")
    write(folder / "memory.current", f"{held_mib * MIB}\n")
    write(folder / "memory.stat", f"anon 7\nactive_file {files_mib * MIB}\ninactive_file 0\n")


def test_without_limits_the_machine_tells(root: Path) -> None:
    assert available_bytes(root) == 1000 * MIB
    limit(root, "system.slice/argusd.service", "max", 50)
    assert available_bytes(root) == 1000 * MIB


def test_a_limit_counts_and_so_does_one_further_up(root: Path) -> None:
    limit(root, "system.slice/argusd.service", str(300 * MIB), 100)
    assert available_bytes(root) == 200 * MIB
    limit(root, "system.slice", str(500 * MIB), 450)
    assert available_bytes(root) == 50 * MIB
    limit(root, "system.slice", str(500 * MIB), 510)
    assert available_bytes(root) == 0


def test_files_that_are_only_kept_in_case_are_no_hindrance(root: Path) -> None:
    limit(root, "system.slice/argusd.service", str(300 * MIB), 290, files_mib=200)
    assert available_bytes(root) == 210 * MIB


def test_in_a_container_the_limit_stands_at_the_top(root: Path) -> None:
    write(root / "proc/self/cgroup", "0::/\n")
    limit(root, "", str(300 * MIB), 100)
    assert available_bytes(root) == 200 * MIB


def test_a_machine_that_does_not_tell_is_an_error(root: Path) -> None:
    write(root / "proc/meminfo", "MemTotal: 9 kB\n")
    with pytest.raises(ArenaUnavailable, match="does not tell"):
        available_bytes(root)


def test_this_machine_tells() -> None:
    assert available_bytes() > MIB
