"""The torch engine on the device beside ONNX Runtime on the CPU, or beside itself there where that is absent.

Without TF32 it is to be equal; with it, as the engine runs, it rounds to 10 bits of mantissa.
"""

import importlib.util
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from argusd.scheduler.core import Engine, Feeds
from argusd.scheduler.engines.torch_engine import TorchEngine

from ..harness import Table
from .parts import Found
from .rig import Rig
from .weights import MODELS, absent, graph, present

COLUMNS = ["model", "off in f32", "off as run"]
MOST, MOST_AS_RUN = 1e-3, 0.05  # of an output's range; other algorithms than the CPU's sum in another order
ROWS = (1, 2, 3, 5)  # at the edges of buckets


def run(rig: Rig) -> Iterator[Found]:
    """Each model whose file is there, on noise."""
    title = (
        f"torch engine on {rig.target.partition(':')[0]} beside {beside()}, furthest off by an output's range"
    )
    yield Found(notes=absent(rig.models), failures=[] if present(rig.models) else ["there are no models"])
    for name in present(rig.models):
        content = graph(rig.models, name)
        batches = [lively(MODELS[name](name).example(rows)) for rows in ROWS]
        other = reference(content, name)
        expected = [other.run(feeds) for feeds in batches]
        exact = furthest(engine(content, name, rig.target, tf32=False), batches, expected)
        as_run = furthest(engine(content, name, rig.target, tf32=True), batches, expected)
        yield Found(
            len(batches),
            tables=[Table(title, COLUMNS, [[name, exact, as_run]])],
            failures=[f"{name} is off by {exact:.3g} of its range in f32"] * (not exact <= MOST)
            + [f"{name} is off by {as_run:.3g} of its range as it runs"] * (not as_run <= MOST_AS_RUN),
        )


def beside() -> str:
    """What it is held against."""
    there = importlib.util.find_spec("onnxruntime") is not None
    return "ONNX Runtime on the CPU" if there else "the torch engine on the CPU"


def reference(content: bytes, name: str) -> Engine:
    """What runs on every machine."""
    if importlib.util.find_spec("onnxruntime") is None:
        return TorchEngine(content, name, "cpu")
    from argusd.scheduler.engines.onnx_runtime import OnnxEngine

    return OnnxEngine(content, name, "cpu")


def engine(content: bytes, name: str, target: str, *, tf32: bool) -> TorchEngine:
    """The engine with TF32 allowed or not; that counts when a batch's graph is captured."""
    made = TorchEngine(content, name, target)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
    return made


def furthest(made: Engine, batches: list[Feeds], expected: list[list[NDArray[Any]]]) -> float:
    """How far any value of any output is off, by that output's range."""
    off = 0.0
    for feeds, wanted in zip(batches, expected, strict=True):
        for ours, theirs in zip(made.run(feeds), wanted, strict=True):
            spread = max(float(np.ptp(theirs)), 1.0)
            off = max(off, float(np.abs(ours - theirs).max()) / spread)
    return off


def lively(feeds: Feeds) -> Feeds:
    """Of the same form, with noise of a plausible range."""
    rng = np.random.default_rng(1)

    def noise(like: NDArray[Any]) -> NDArray[Any]:
        largest = max(1.0, float(np.abs(like).max()))
        return rng.uniform(0, largest, like.shape).astype(like.dtype)

    return {name: noise(value) if value.ndim else value for name, value in feeds.items()}
