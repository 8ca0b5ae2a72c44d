"""Real models in half precision on the CPU; and models whose outputs are off by as much as a test says."""

import logging
import math
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.kernels.cuda.device import Device
from argusd.scheduler.config import Precision
from argusd.scheduler.core import Engine, Feeds, Frame, Roi
from argusd.scheduler.engines.targets import CPU, Target
from argusd.scheduler.errors import DeviceLost, InferenceFailed, OutOfMemory
from argusd.scheduler.loaded.precision import Choice, chosen, measured
from argusd.scheduler.models.catalog import MODELS
from argusd.scheduler.models.drift import Drift, Halvable
from argusd.scheduler.models.registry import Graph
from argusd.scheduler.zoo.store import StoredFile, ZooStore

from ..fakes import FakeAudio
from ..graphs import of_one_node

FILE = StoredFile("passing.onnx", of_one_node("Identity", "x"), "0")


@pytest.mark.weights
@pytest.mark.parametrize("name", ["blazeface_full_range", "facemesh_attention", "faceres", "centernet"])
def test_models_of_the_registry_pack_tell_the_same_in_half_precision(name: str, store: ZooStore) -> None:
    entry, file = MODELS[name], store.read(name)
    assert isinstance(entry, Graph)
    model = entry.make(name)
    assert isinstance(model, Halvable)
    half = Target("torch", "cpu", half=True).load(file.content, file.name)
    drifts = measured(model, half, CPU.load(file.content, file.name))
    assert all(drift.tolerable for drift in drifts), drifts
    assert all(drift.off > 0 for drift in drifts), "it is half precision"


class FakeModel:
    """Tells two numbers of each picture, which may be off by 0.5."""

    role, name = "face_detector", "fake"

    def example(self, batch: int) -> Feeds:
        return {"x": np.zeros((batch, 2), np.float32)}

    def prepare(self, frames: Sequence[Frame], rois: Sequence[Roi]) -> Feeds:
        return self.example(len(frames))

    def decode(self, tensors: Sequence[NDArray[Any]], rois: Sequence[Roi]) -> list[Any]:
        return list(tensors[0])

    def drifts(self, half: Sequence[NDArray[Any]], full: Sequence[NDArray[Any]]) -> list[Drift]:
        return [Drift("numbers", float(np.abs(half[0] - full[0]).max()), 0.5)]


class Off(NamedTuple):
    """An engine that is off by so much, or fails."""

    much: float | InferenceFailed

    def run(self, feeds: Feeds) -> list[NDArray[Any]]:
        if isinstance(self.much, InferenceFailed):
            raise self.much
        return [feeds["x"] + np.float32(self.much)]


class Gpu(Target):
    """One on which half precision is off by this much."""

    off: float | InferenceFailed = 0.0

    def load(self, graph: bytes, name: str, memory: Device | None = None) -> Engine:
        return Off(self.off if self.half else 0.0)


def choice(
    off: float | InferenceFailed, model: Any = None, library: str = "torch", wanted: Precision = "auto"
) -> Choice:
    gpu = cast(Any, type("Gpu", (Gpu,), {"off": off}))(library, "cuda:0")
    return chosen(model or FakeModel(), FILE, gpu, wanted, None)


def test_a_model_that_tells_the_same_in_half_precision_runs_so(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert choice(0.25) == (Off(0.25), "f16")
    assert caplog.messages == ["fake runs in f16: numbers off by 0.25 of 0.5"]


@pytest.mark.parametrize(
    ("off", "said"),
    [
        (0.75, "numbers off by 0.75 of 0.5"),
        (math.nan, "numbers off by nan of 0.5"),
        (OutOfMemory("there is no room"), "it does not run in f16: there is no room"),
    ],
)
def test_one_that_does_not_stays_in_full_and_says_why(
    off: float | InferenceFailed, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert choice(off) == (Off(0.0), f"f32 (f16: {said})")
    assert caplog.messages == [f"fake stays in f32: in f16 {said}"]


def test_a_device_that_is_lost_meanwhile_is_not_the_models_fault() -> None:
    with pytest.raises(DeviceLost):
        choice(DeviceLost("gone"))


@pytest.mark.parametrize(
    "asked",
    [{"wanted": "f32"}, {"library": "onnxruntime"}, {"model": FakeAudio()}],
    ids=["not wanted", "not to be had", "a model of sound"],
)
def test_half_precision_is_tried_where_it_is_wanted_and_can_be_had(asked: dict[str, Any]) -> None:
    assert choice(0.25, **asked) == (Off(0.0), "f32")


def test_on_the_cpu_half_precision_would_take_longer() -> None:
    assert not Target("torch", "cpu").halves
    assert Target("torch", "cuda:0").halves
