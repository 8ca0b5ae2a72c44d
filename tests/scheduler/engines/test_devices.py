"""How many GPUs there are, and how many of them "auto" will use."""

from importlib import metadata
from pathlib import Path

import pytest

from argusd.scheduler.config import EngineName
from argusd.scheduler.engines import devices
from argusd.scheduler.engines.devices import gpu_count, usable_gpus

Patch = pytest.MonkeyPatch


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: Patch) -> Path:
    """The driver's folder of a machine with two GPUs."""
    for name in ("nvidiactl", "nvidia-uvm", "nvidia0", "nvidia1"):
        (tmp_path / name).touch()
    monkeypatch.setattr(devices, "NVIDIA_CONTROL", tmp_path / "nvidiactl")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return tmp_path


@pytest.mark.parametrize(("visible", "count"), [(None, 2), ("1", 1), ("0,1,2", 2), ("", 0)])
def test_gpus_that_the_driver_shows(
    driver: Path, monkeypatch: Patch, visible: str | None, count: int
) -> None:
    assert driver.exists()
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert gpu_count() == count


def test_no_driver_no_gpu(driver: Path) -> None:
    (driver / "nvidiactl").unlink()
    assert gpu_count() == 0


@pytest.mark.parametrize(
    ("engine", "installed", "count"),
    [
        ("auto", {"onnxruntime-gpu": "1.23"}, 2),
        ("auto", {"onnxruntime": "1.23"}, 0),
        ("auto", {"onnxruntime": "1.23", "torch": "2.9.1"}, 2),
        ("auto", {"onnxruntime": "1.23", "torch": "2.9.1+cpu"}, 0),
        ("torch", {"onnxruntime-gpu": "1.23"}, 0),
        ("torch", {"torch": "2.9.1"}, 2),
        ("onnxruntime", {"onnxruntime": "1.23", "torch": "2.9.1"}, 0),
    ],
)
def test_a_library_built_for_cuda_uses_them(
    driver: Path, monkeypatch: Patch, engine: EngineName, installed: dict[str, str], count: int
) -> None:
    def version(package: str) -> str:
        if package not in installed:
            raise metadata.PackageNotFoundError(package)
        return installed[package]

    assert driver.exists()
    monkeypatch.setattr(metadata, "version", version)
    assert usable_gpus(engine) == count
