"""GPUs as the kernel tells of them, in folders that stand for its own."""

from pathlib import Path

import pytest

from argusd.daemon.config import resolve
from argusd.daemon.doctor.gpu_checks import check_gpu, gpu_below

OPEN = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  {}  Release Build  (dvs-builder)\n"
CLOSED = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  {}  Thu Sep  5 09:00:00 UTC 2026\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine with one GPU and a network card."""
    for slot, vendor, kind in (
        ("0000:01:00.0", "0x10de", "0x030200"),
        ("0000:02:00.0", "0x8086", "0x020000"),
    ):
        card = tmp_path / "sys/bus/pci/devices" / slot
        card.mkdir(parents=True)
        (card / "vendor").write_text(f"{vendor}\n")
        (card / "class").write_text(f"{kind}\n")
    (tmp_path / "dev").mkdir()
    return tmp_path


def load_driver(root: Path, version: str, line: str = OPEN) -> None:
    folder = root / "proc/driver/nvidia"
    folder.mkdir(parents=True)
    (folder / "version").write_text(line.format(version))


def test_a_machine_without_one(tmp_path: Path) -> None:
    finding = gpu_below(tmp_path)
    assert (finding.verdict, finding.found) == ("ok", "none by NVIDIA; models run on the CPU")


def test_one_without_its_driver(root: Path) -> None:
    finding = gpu_below(root)
    assert (finding.verdict, finding.found) == ("warn", "1 by NVIDIA, without a driver")
    assert finding.remedy.startswith("install NVIDIA's driver 580")


@pytest.mark.parametrize("line", [OPEN, CLOSED])
@pytest.mark.parametrize(("version", "verdict"), [("580.65.06", "ok"), ("550.54.15", "warn")])
def test_the_driver_must_be_new_enough(root: Path, line: str, version: str, verdict: str) -> None:
    load_driver(root, version, line)
    (root / "dev/nvidia0").touch()
    finding = gpu_below(root)
    assert (finding.verdict, finding.found) == (verdict, f"1 by NVIDIA, driver {version}")


def test_a_container_that_was_given_none(root: Path) -> None:
    load_driver(root, "580.65.06")
    finding = gpu_below(root)
    assert finding.verdict == "warn"
    assert "--gpus all" in finding.remedy


def test_a_device_that_this_user_may_not_open(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_driver(root, "580.65.06")
    (root / "dev/nvidia0").touch()
    monkeypatch.setattr("os.access", lambda path, _mode: path.name != "nvidia0")  # root may open all
    finding = gpu_below(root)
    assert finding.verdict == "fail"
    assert finding.found.endswith("this user may not open nvidia0")
    assert "usermod -aG" in finding.remedy


def test_a_device_of_a_group_that_a_container_does_not_know(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_driver(root, "580.65.06")
    (root / "dev/nvidia0").touch()
    monkeypatch.setattr("os.access", lambda path, _mode: path.name != "nvidia0")
    monkeypatch.setattr("grp.getgrgid", {}.__getitem__)
    gid = (root / "dev/nvidia0").stat().st_gid
    assert f"usermod -aG {gid} USER" in gpu_below(root).remedy


@pytest.mark.parametrize("hidden", ["", "-1"])
def test_gpus_that_the_environment_hides(hidden: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    assert check_gpu(resolve({})).found == "CUDA_VISIBLE_DEVICES hides all GPUs"
