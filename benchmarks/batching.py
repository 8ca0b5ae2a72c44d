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
from typing import Literal, NamedTuple

import numpy as np
import uvloop

from argusd.ingest.arena import Arena, ArenaView
from argusd.ingest.frame import i420_info, plane_shapes
from argusd.ingest.ring import FrameReader, FrameRing, FrameView
from argusd.scheduler.served import Look, ServedVision

from .camera_process import HEIGHT, WIDTH
from .harness import Metric, Result, machine, paired_ratio
from .rig import CORES, cameras, live_models, measured, region, running_scheduler

FPS = 30.0
ABOVE_CAPACITY = 1.2  # frames published, as a share of what raw ONNX Runtime could do
UNLIMITED_HZ = 1000.0  # wanted of each session: every new frame is due at once


class Slice(NamedTuple):
    """Throughput over a moment: items per second, and per second of CPU time that they took."""

    per_s: float
    per_cpu_s: float


class Ways(NamedTuple):
    """The four ways, slices in the order they were taken."""

    raw: list[Slice]
    bare: list[Slice]
    single: list[Slice]
    ours: list[Slice]


def main(quick: bool) -> Result:
    """Each model in turn, the four ways in alternation."""
    rounds, seconds = (3, 0.7) if quick else (15, 0.7)
    metrics: dict[str, Metric] = {}
    served = 0
    with tempfile.TemporaryDirectory() as folder:
        for role, model in live_models(Path(folder)).items():
            ways = compare(role, model, rounds, seconds)
            served += int(sum(slice_.per_s for slice_ in ways.ours) * seconds)
            metrics |= _metrics(model, ways)
    assert served > 0, "the scheduler served nothing"
    return Result("batching", machine(), served, metrics)


def compare(role: str, model: ServedVision, rounds: int, seconds: float) -> Ways:
    """Slices of ``seconds`` of each way, ``rounds`` times, beside a process of busy cameras."""
    ways = Ways([], [], [], [])
    sessions = max(2 * CORES, int(ABOVE_CAPACITY * raw_rate(model, seconds).per_s / FPS))
    with cameras(sessions, FPS) as path:
        for _ in range(rounds):
            ways.raw.append(raw_rate(model, seconds))
            ways.bare.append(bare_rate(role, model, model.max_batch, seconds))
            ways.single.append(bare_rate(role, model, 1, seconds))
            ways.ours.append(scheduler_rate(path, role, model, sessions, seconds))
    return ways


def _metrics(model: ServedVision, ways: Ways) -> dict[str, Metric]:
    rows = f"{model.name}, batches of {model.max_batch}"
    ours, raw = median(each.per_s for each in ways.ours), median(each.per_s for each in ways.raw)
    return {
        f"{model.name}_per_s": Metric(ours, "1/s", f"{rows}: scheduler, beside raw", raw),
        f"{model.name}_over_raw": Metric(
            _over(ways, ways.raw, "per_s"), "x", "scheduler / raw ONNX Runtime", 1.0, ">= 0.9"
        ),
        f"{model.name}_over_raw_cpu": Metric(
            _over(ways, ways.raw, "per_cpu_s"), "x", "the same, per second of CPU time", 1.0
        ),
        f"{model.name}_over_bare_cpu": Metric(
            _over(ways, ways.bare, "per_cpu_s"), "x", "scheduler / crop, run, decode; per CPU time", 1.0
        ),
        f"{model.name}_over_single": Metric(
            _over(ways, ways.single, "per_s"), "x", "scheduler / one call per session", 1.0
        ),
    }


def _over(ways: Ways, others: list[Slice], figure: Literal["per_s", "per_cpu_s"]) -> float:
    return paired_ratio(
        [getattr(each, figure) for each in ways.ours], [getattr(each, figure) for each in others]
    )


def raw_rate(model: ServedVision, seconds: float) -> Slice:
    """The graph alone."""
    feeds = model.model.example(model.max_batch)

    def run() -> int:
        model.engine.run(feeds)
        return model.max_batch

    return _rate(run, seconds)


def bare_rate(role: str, model: ServedVision, batch: int, seconds: float) -> Slice:
    """``batch`` frames at a time are prepared, run and decoded, and that is all."""
    frame = _frame()
    looks = [Look(frame, region(role, frame.info))] * batch

    def run() -> int:
        return len(model.look(looks).outputs)

    return _rate(run, seconds)


def scheduler_rate(path: Path, role: str, model: ServedVision, sessions: int, seconds: float) -> Slice:
    """Through the scheduler, which is offered more frames than can be served."""

    async def serve() -> Slice:
        async with running_scheduler(path, {role: model}, {role: UNLIMITED_HZ}, sessions) as recorder:
            cpu = time.process_time()
            count = len(await measured(recorder, seconds))
            return Slice(count / seconds, count / (time.process_time() - cpu))

    return uvloop.run(serve())


def _rate(run: Callable[[], int], seconds: float) -> Slice:
    """Call ``run``, which returns how many items it did, in a thread a core."""
    counts = [0] * CORES
    cpu, end = time.process_time(), time.monotonic() + seconds

    def work(lane: int) -> None:
        while time.monotonic() < end:
            counts[lane] += run()

    threads = [threading.Thread(target=work, args=(lane,)) for lane in range(CORES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Slice(sum(counts) / seconds, sum(counts) / (time.process_time() - cpu))


def _frame() -> FrameView:
    info = i420_info(WIDTH, HEIGHT)
    arena = Arena(4 * info.nbytes)
    ring = FrameRing(arena, 2, info.nbytes)
    ring.write([np.zeros(shape, np.uint8) for shape in plane_shapes(info)], info)
    frame = FrameReader(ArenaView(arena.fd), ring.row, ring.generation).newest()
    assert frame is not None
    return frame
