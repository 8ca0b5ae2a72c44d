"""What a batch of each model takes: the engine alone, and from frames in the arena to decoded outputs."""

from collections.abc import Callable, Iterator
from typing import Any

from argusd.scheduler.core import Engine
from argusd.scheduler.engines.torch_engine import TorchEngine
from argusd.scheduler.errors import InferenceFailed
from argusd.scheduler.loaded.loaded_model import Dropped
from argusd.scheduler.loaded.loaded_vision import FrameItem, LoadedVisionModel
from argusd.scheduler.loaded.staging import Stager
from argusd.scheduler.planning.curve import UNMEASURED

from ..harness import Table
from .arenas import filled
from .parts import Found
from .rig import Rig, seconds
from .weights import MODELS, SEEING, absent, graph, present

TITLE = "a batch, ms"
COLUMNS = ["model", "rows", "engine, fed by the host", "engine, fed by the device", "frames to outputs"]
NOT = "-"


def run(rig: Rig) -> Iterator[Found]:
    """Each model whose file is there, in each size; one that there is no memory for is said."""
    yield Found(notes=absent(rig.models), failures=[] if present(rig.models) else ["there are no models"])
    for name in present(rig.models):
        engine = TorchEngine(graph(rig.models, name), name, rig.target)
        for rows in rig.sizes.rows:
            try:
                row = taken(rig, name, engine, rows)
            except InferenceFailed as error:
                yield Found(failures=[f"{name}, {rows} rows: {error}"])
                continue
            yield Found(rows, tables=[Table(TITLE, COLUMNS, [row])])


def taken(rig: Rig, name: str, engine: TorchEngine, rows: int) -> list[str | float]:
    """A line of the table."""
    feeds = MODELS[name](name).example(rows)
    placed: Any = {each: rig.device.array(value) if value.ndim else value for each, value in feeds.items()}
    rig.device.wait()
    line: list[str | float] = [name, str(rows)]
    line += [ms(rig, lambda: engine.run(feeds)), ms(rig, lambda: engine.run(placed))]
    return [*line, from_frames(rig, name, engine, rows) if name in SEEING else NOT]


def from_frames(rig: Rig, name: str, engine: Engine, rows: int) -> float:
    """From frames that lie in an arena to one output each, as the scheduler goes about it."""
    arena, stager = filled(rows, *rig.sizes.picture), Stager(rig.device)
    stager.mapped(arena.view)
    stager.settle()
    model = LoadedVisionModel(MODELS[name](name), engine, UNMEASURED, stager)
    items = [FrameItem(frame, None) for frame in arena.frames]

    def looked() -> None:
        dropped = [output for output in model.infer(items).outputs if isinstance(output, Dropped)]
        assert not dropped, f"frames that nobody overwrites are dropped: {dropped[0].reason}"

    try:
        return ms(rig, looked)
    finally:
        stager.unmapped(arena.view).join()


def ms(rig: Rig, work: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    return 1e3 * seconds(rig.device, work, rig.sizes.repeats)
