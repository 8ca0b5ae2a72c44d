"""Half precision on the device: how far it puts outputs off that count, and what it saves."""

from collections.abc import Iterator

from argusd.scheduler.core import Engine
from argusd.scheduler.engines.onnx_runtime import OnnxEngine
from argusd.scheduler.engines.torch_engine import TorchEngine
from argusd.scheduler.errors import InferenceFailed
from argusd.scheduler.loaded.precision import measured

from ..harness import Table
from .batches import ms
from .parts import Found
from .rig import Rig
from .weights import MODELS, SEEING, absent, graph, present

TITLE = "half precision, beside ONNX Runtime on the CPU"
COLUMNS = ["model", "outputs", "runs so", "rows", "f32 ms", "f16 ms"]
ROWS = 64  # of a batch that is timed


def run(rig: Rig) -> Iterator[Found]:
    """Each model of frames whose file is there; one that stays in full precision is no failure."""
    seeing = [name for name in present(rig.models) if name in SEEING]
    yield Found(notes=absent(rig.models), failures=[] if seeing else ["there are no models of frames"])
    for name in seeing:
        try:
            row = compared(rig, name)
        except InferenceFailed as error:
            yield Found(failures=[f"{name}: {error}"])
            continue
        yield Found(1, tables=[Table(TITLE, COLUMNS, [row])])


def compared(rig: Rig, name: str) -> list[str | float]:
    """A line of the table."""
    content, model, rows = graph(rig.models, name), MODELS[name](name), min(ROWS, max(rig.sizes.rows))
    full, half = (TorchEngine(content, name, rig.target, half=half) for half in (False, True))
    drifts = measured(model, half, OnnxEngine(content, name, "cpu"))
    feeds = model.example(rows)

    def taken(engine: Engine) -> float:
        return ms(rig, lambda: engine.run(feeds))

    runs_so = "yes" if all(drift.tolerable for drift in drifts) else "no"
    return [name, ", ".join(map(str, drifts)), runs_so, str(rows), taken(full), taken(half)]
