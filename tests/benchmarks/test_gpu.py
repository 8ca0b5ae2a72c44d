"""Every part of the check of a GPU on a host's threads, tiny; and that it sees what is wrong."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.benchmarks.gpu import child, main, sessions
from argusd.benchmarks.gpu.command import each, result
from argusd.benchmarks.gpu.parts import PARTS, Found, in_a_process, try_out
from argusd.benchmarks.gpu.rig import Rig, Sizes
from argusd.benchmarks.gpu.weights import MODELS
from argusd.benchmarks.harness import NEVER, NotMeasurable, Table
from argusd.benchmarks.rigs import outputs
from argusd.daemon.config import load_config
from argusd.kernels.cuda.device import Kernel, Tensor, Threads
from argusd.scheduler.core import Feeds
from argusd.scheduler.planning.curve import BatchCurve
from argusd.scheduler.zoo.store import ZooStore

from ..kernels.cuda.host_device import HostDevice

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "device_check.sh"
TINY = Sizes(2, (1, 2), 3, (64, 48), 1, (1, 3), 0.4)
ENGINE = ("blazeface_full_range", "silero_vad")  # the quickest that sees and the one that hears


class WrongDevice(HostDevice):
    """Its kernels of these names do nothing, or it pins nothing."""

    def __init__(self, library: Path, *idle: str, pins: bool = True) -> None:
        super().__init__(library)
        self._idle = idle
        self._pins = pins

    def launch(self, kernel: Kernel, threads: Threads, *arguments: NDArray[Any] | np.generic) -> None:
        if kernel.name not in self._idle:
            super().launch(kernel, threads, *arguments)

    def empty(self, shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
        return np.zeros(shape, dtype)

    def pin(self, values: NDArray[np.uint8]) -> int | None:
        return super().pin(values) if self._pins else None


@pytest.fixture(scope="module")
def store() -> ZooStore:
    store = ZooStore(load_config().cache_dir)
    store.pull(["live"])
    return store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where models' files would be."""
    for name in MODELS:
        (tmp_path / f"{name}.onnx").touch()
    return tmp_path


def rig(device: HostDevice, models: Path = Path("nowhere")) -> Rig:
    def copy(tensor: Tensor, address: int, nbytes: int) -> None:
        ctypes.memmove(tensor.ctypes.data, address, nbytes)

    return Rig(device, "cpu", copy, models, TINY)


def found(name: str, rig: Rig) -> Found:
    return try_out(import_module(f"argusd.benchmarks.gpu.{PARTS[name].module}").run, rig, lambda _: None)


@pytest.mark.parametrize("name", ["crop", "decode", "inward"])
def test_a_part_finds_kernels_right(name: str, kernels_library: Path) -> None:
    part = found(name, rig(HostDevice(kernels_library)))
    assert part.failures == []
    assert part.served > 0


@pytest.mark.parametrize(
    ("name", "kernel", "said"),
    [
        ("crop", "crop_f32", "crops are up to"),
        ("decode", "yolo_candidates", "yolov8n finds other boxes than on the CPU"),
        ("decode", "face_candidates", "a row with too many candidates is not named"),
        ("inward", "stage", "3 of 3 frames are others on the device"),
    ],
)
def test_a_kernel_that_is_wrong_is_a_failure(
    name: str, kernel: str, said: str, kernels_library: Path
) -> None:
    assert any(said in failure for failure in found(name, rig(WrongDevice(kernels_library, kernel))).failures)


def test_a_device_that_pins_nothing_has_the_bounce_buffer_alone(kernels_library: Path) -> None:
    part = found("inward", rig(WrongDevice(kernels_library, pins=False)))
    assert part.metrics.keys() == {"bounced_gb_s", "bounce_copy_gb_s"}
    assert part.failures == []


@pytest.mark.weights
@pytest.mark.parametrize("name", ["engine", "precision", "batches"])
def test_a_part_finds_the_engine_right(
    name: str, kernels_library: Path, store: ZooStore, tmp_path: Path
) -> None:
    for model in ENGINE:
        (tmp_path / f"{model}.onnx").symlink_to(store.path(model))
    part = found(name, rig(HostDevice(kernels_library), tmp_path))
    assert part.failures == []
    rows = TINY.rows if name == "batches" else [1]
    models = ENGINE[:1] if name == "precision" else ENGINE
    assert [row[0] for row in part.tables[0].rows] == [model for model in models for _ in rows]
    assert "centernet is left out: no centernet*.onnx" in part.notes


@pytest.mark.weights
def test_without_onnx_runtime_the_engine_is_held_against_itself(
    kernels_library: Path, store: ZooStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "silero_vad.onnx").symlink_to(store.path("silero_vad"))
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    [table] = found("engine", rig(HostDevice(kernels_library), tmp_path)).tables
    assert (table.title.split(",")[0], table.rows) == (
        "torch engine on cpu beside the torch engine on the CPU",
        [["silero_vad", 0.0, 0.0]],
    )


class Instant:
    """An engine that gives what a model's would for one person, at once."""

    def __init__(self, tensors: Callable[[int], list[NDArray[Any]]]) -> None:
        self._tensors = tensors

    def run(self, feeds: Feeds) -> list[NDArray[Any]]:
        return self._tensors(len(next(iter(feeds.values()))))


def test_sessions_are_held_by_engines_that_take_no_time(
    kernels_library: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = {
        "blazeface_full_range": outputs.blazeface,
        "facemesh_attention": outputs.facemesh,
        "centernet": outputs.centernet,
        "faceres": lambda rows: [np.ones((rows, 1024), np.float32)],
        "silero_vad": outputs.silero,
    }
    monkeypatch.setattr(sessions, "engine", lambda _, name: Instant(made[name]))
    monkeypatch.setattr(sessions, "measure_curve", lambda *_: BatchCurve([1, 8], [0.002, 0.004]))
    monkeypatch.setattr(sessions, "OLDEST_S", NEVER)  # however busy the machine is
    monkeypatch.setattr(sessions, "LEAST", 0.0)
    part = found("sessions", rig(HostDevice(kernels_library), folder))
    assert part.failures == []
    assert part.metrics["sessions_held"].value == 3
    [table] = part.tables
    assert [row[:2] for row in table.rows] == [
        [number, role] for number in ("1", "3") for role in sessions.HZ
    ]
    assert part.served > 0


def test_without_all_models_no_sessions_are_tried(kernels_library: Path, tmp_path: Path) -> None:
    assert found("sessions", rig(HostDevice(kernels_library), tmp_path)).failures == [
        "sessions need all live models"
    ]


def test_what_a_part_had_found_before_it_failed_is_kept(kernels_library: Path) -> None:
    def run(_: Rig) -> Iterator[Found]:
        yield Found(3, tables=[Table("t", ["a"], [["1"]])])
        yield Found(1, tables=[Table("t", ["a"], [["2"]])])
        raise RuntimeError("the device\nis gone")

    kept: list[int] = []
    part = try_out(run, rig(HostDevice(kernels_library)), lambda so_far: kept.append(so_far.served))
    assert (part.served, part.tables[0].rows, kept) == (4, [["1"], ["2"]], [3, 4, 4])
    assert part.failures[0].startswith("RuntimeError in run")
    assert part.failures[0].endswith("the device is gone")


def test_every_part_is_in_the_result_whatever_became_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = {"onnx"}
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name in lacking else object())
    tried = each(lambda name, _: Found(1, failures=["wrong"] if name == "crop" else [], notes=["said"]))
    whole = result({"gpu": "none"}, tried)
    assert whole.failures == [
        "crop: wrong",
        *(
            f"{name}: left out, for onnx is not installed"
            for name in ("engine", "precision", "batches", "sessions")
        ),
    ]
    assert whole.notes[:3] == ["crop: said", "decode: said", "inward: said"]
    assert whole.served == 3


def test_a_part_for_which_there_is_no_time_left_says_so() -> None:
    tried = each(lambda *_: Found(), most_s=0.0)
    assert {failure for part in tried.values() for failure in part.failures} == {
        "left out, for the time was up"
    }


def test_a_part_s_process_that_cannot_go_on_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one that brought its GPU down."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
    assert in_a_process("none", Path("nowhere"), True, 60.0).failures == ["its process ended with status 1"]
    assert in_a_process("none", Path("nowhere"), True, 0.01).failures == ["it took longer than 0 s"]


def test_a_part_s_process_keeps_what_it_finds(
    kernels_library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "gpu_rig", lambda *_: rig(HostDevice(kernels_library)))
    child.main("crop", tmp_path, tmp_path / "found.json", True)
    kept = msgspec.json.decode((tmp_path / "found.json").read_bytes(), type=Found)
    assert kept.metrics.keys() == {"crop_f32"}
    assert kept.failures == []


def test_without_a_gpu_it_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("argusd.benchmarks.gpu.facts.importlib.util.find_spec", lambda _: None)
    with pytest.raises(NotMeasurable, match="needs an NVIDIA GPU with its driver, CuPy"):
        main(quick=True)


def test_the_script_says_at_once_what_is_not_installed(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHON": sys.executable, "OUT": str(tmp_path)}
    script = partial(subprocess.run, capture_output=True, text=True, check=False)
    run = script([str(SCRIPT), "--quick"], env=environment)
    if "cupy is not installed" not in run.stdout:
        pytest.skip("CuPy is installed")
    assert run.returncode == 2
    assert "nothing can be tried: cupy; carry wheels (WHEELS)" in run.stdout
