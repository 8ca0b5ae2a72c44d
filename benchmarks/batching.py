"""Batching: the scheduler's whole path beside raw ONNX Runtime, and beside one call per session.

All three use a thread a core, ONNX Runtime sessions of one thread, and the same weights. Raw ONNX Runtime
gets tensors prepared beforehand; the other two open frames in shared memory, crop, run and decode.
"""

import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import uvloop

from argusd.ingest.arena import Arena, ArenaView
from argusd.ingest.frame import i420_info, plane_shapes
from argusd.ingest.ring import FrameReader, FrameRing, FrameView
from argusd.scheduler.core import whole_frame
from argusd.scheduler.served import Look, ServedVision

from .camera_process import HEIGHT, WIDTH
from .harness import Metric, Result, machine, paired_ratio
from .rig import CORES, live_models, measured, running_scheduler

FPS = 30.0
ABOVE_CAPACITY = 1.5  # frames published, as a share of what raw ONNX Runtime could do
UNLIMITED_HZ = 1000.0  # wanted of each session: every new frame is due at once


def main(quick: bool) -> Result:
    """Each model in turn, the three ways in alternation."""
    rounds, seconds = (2, 1.0) if quick else (5, 3.0)
    metrics: dict[str, Metric] = {}
    served = 0
    with tempfile.TemporaryDirectory() as folder:
        for role, model in live_models(Path(folder)).items():
            raw, ours, single = [], [], []
            for _ in range(rounds):
                raw.append(raw_rate(model, seconds))
                ours.append(scheduler_rate(role, model, raw[-1], seconds))
                single.append(single_rate(model, seconds))
            served += int(sum(ours) * seconds)
            metrics |= _metrics(model, raw, ours, single)
    assert served > 0, "the scheduler served nothing"
    return Result("batching", machine(), served, metrics)


def _metrics(
    model: ServedVision, raw: list[float], ours: list[float], single: list[float]
) -> dict[str, Metric]:
    rows = f"{model.name}, batches of {model.max_batch}"
    return {
        f"{model.name}_per_s": Metric(median(ours), "1/s", f"{rows}: scheduler, beside raw", median(raw)),
        f"{model.name}_over_raw": Metric(
            paired_ratio(ours, raw), "x", "scheduler / raw ONNX Runtime", 1.0, ">= 0.9"
        ),
        f"{model.name}_over_single": Metric(
            paired_ratio(ours, single), "x", "scheduler / one call per session", 1.0
        ),
    }


def raw_rate(model: ServedVision, seconds: float) -> float:
    """Items per second of the graph alone."""
    feeds = model.model.example(model.max_batch)

    def run() -> int:
        model.engine.run(feeds)
        return model.max_batch

    return _rate(run, seconds)


def single_rate(model: ServedVision, seconds: float) -> float:
    """Items per second when each frame is prepared, run and decoded by itself."""
    frame = _frame()

    def run() -> int:
        return len(model.look([Look(frame, whole_frame(frame.info))]).outputs)

    return _rate(run, seconds)


def scheduler_rate(role: str, model: ServedVision, raw: float, seconds: float) -> float:
    """Items per second through the scheduler, fed by another process with more frames than can be served."""
    sessions = max(2 * CORES, int(ABOVE_CAPACITY * raw / FPS))

    async def serve() -> float:
        async with running_scheduler({role: model}, {role: UNLIMITED_HZ}, sessions, FPS) as recorder:
            return len(await measured(recorder, seconds)) / seconds

    return uvloop.run(serve())


def _rate(run: Callable[[], int], seconds: float) -> float:
    """Items per second of ``run`` in a thread a core; it returns how many items it did."""
    counts = [0] * CORES
    end = time.monotonic() + seconds

    def work(lane: int) -> None:
        while time.monotonic() < end:
            counts[lane] += run()

    threads = [threading.Thread(target=work, args=(lane,)) for lane in range(CORES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def _frame() -> FrameView:
    info = i420_info(WIDTH, HEIGHT)
    arena = Arena(4 * info.nbytes)
    ring = FrameRing(arena, 2, info.nbytes)
    ring.write([np.zeros(shape, np.uint8) for shape in plane_shapes(info)], info)
    frame = FrameReader(ArenaView(arena.fd), ring.row, ring.generation).newest()
    assert frame is not None
    return frame
