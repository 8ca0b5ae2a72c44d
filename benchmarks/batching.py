"""Batching: the scheduler's whole path beside raw ONNX Runtime, and beside one call per session.

All use a thread a core, ONNX Runtime sessions of one thread, and the same weights. *Raw* is the graph alone,
fed with tensors prepared beforehand. *Bare* is crop, run and decode in plain threads, without a scheduler: at
the same batch size, and one call per session. The scheduler does that too, on frames that another process
publishes; that process works during all of them. Slices are short and take turns, so that noise cancels in
the ratios.
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
from .rig import CORES, cameras, live_models, measured, running_scheduler

FPS = 30.0
ABOVE_CAPACITY = 1.2  # frames published, as a share of what raw ONNX Runtime could do
UNLIMITED_HZ = 1000.0  # wanted of each session: every new frame is due at once


def main(quick: bool) -> Result:
    """Each model in turn, the three ways in alternation."""
    rounds, seconds = (3, 0.7) if quick else (15, 0.7)
    metrics: dict[str, Metric] = {}
    served = 0
    with tempfile.TemporaryDirectory() as folder:
        for role, model in live_models(Path(folder)).items():
            raw, bare, ours, single = [], [], [], []
            count = max(2 * CORES, int(ABOVE_CAPACITY * raw_rate(model, seconds) / FPS))
            with cameras(count, FPS) as path:
                for _ in range(rounds):
                    raw.append(raw_rate(model, seconds))
                    ours.append(scheduler_rate(path, role, model, count, seconds))
                    bare.append(bare_rate(model, model.max_batch, seconds))
                    single.append(bare_rate(model, 1, seconds))
            served += int(sum(ours) * seconds)
            metrics |= _metrics(model, raw, bare, ours, single)
    assert served > 0, "the scheduler served nothing"
    return Result("batching", machine(), served, metrics)


def _metrics(
    model: ServedVision, raw: list[float], bare: list[float], ours: list[float], single: list[float]
) -> dict[str, Metric]:
    rows = f"{model.name}, batches of {model.max_batch}"
    return {
        f"{model.name}_per_s": Metric(median(ours), "1/s", f"{rows}: scheduler, beside raw", median(raw)),
        f"{model.name}_over_raw": Metric(
            paired_ratio(ours, raw), "x", "scheduler / raw ONNX Runtime", 1.0, ">= 0.9"
        ),
        f"{model.name}_over_bare": Metric(
            paired_ratio(ours, bare), "x", "scheduler / crop, run, decode in plain threads", 1.0
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


def bare_rate(model: ServedVision, batch: int, seconds: float) -> float:
    """Items per second when ``batch`` frames at a time are prepared, run and decoded, and that is all."""
    frame = _frame()
    looks = [Look(frame, whole_frame(frame.info))] * batch

    def run() -> int:
        return len(model.look(looks).outputs)

    return _rate(run, seconds)


def scheduler_rate(path: Path, role: str, model: ServedVision, sessions: int, seconds: float) -> float:
    """Items per second through the scheduler, offered more frames than can be served."""

    async def serve() -> float:
        async with running_scheduler(path, {role: model}, {role: UNLIMITED_HZ}, sessions) as recorder:
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
