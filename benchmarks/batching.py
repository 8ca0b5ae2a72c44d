"""Batching: the scheduler's whole path beside raw ONNX Runtime, and beside one call per session.

*Raw* is the graph alone, fed with tensors prepared beforehand, at the same batch size: ONNX Runtime as it
comes, a session whose own threads share the cores. *Threads* is the graph alone as the scheduler runs it, a
session of one thread that is called by a thread on each core. *Bare* adds prepare and decode to that, without
a scheduler: at the same batch size, and one call per session. The scheduler does all of it, on frames or
samples that another process publishes; that process works during all of them. Slices are short and take
turns, so that noise cancels in the ratios.
"""

import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Literal, NamedTuple

import onnxruntime
import uvloop

from argusd.scheduler.contract.roles import VAD
from argusd.scheduler.core import Feeds
from argusd.scheduler.loaded.loaded_sound import LoadedAudioModel
from argusd.scheduler.loaded.loaded_vision import LoadedVisionModel

from .harness import Metric, Result, machine, paired_ratio
from .rigs.onlookers import measured
from .rigs.scheduler import CORES, graph_of, live_models, running_scheduler, voice_detector
from .rigs.subjects import Heard, Offered, Seen, Subject

ABOVE_CAPACITY = 1.2  # items published, as a share of what raw ONNX Runtime could do
SLICE_S = 0.7


class Slice(NamedTuple):
    """Throughput over a moment: items per second, and per second of CPU time that they took."""

    per_s: float
    per_cpu_s: float


class Ways(NamedTuple):
    """The five ways, slices in the order they were taken."""

    raw: list[Slice]
    threads: list[Slice]
    bare: list[Slice]
    single: list[Slice]
    ours: list[Slice]


def main(quick: bool) -> Result:
    """Each model in turn, the five ways in alternation."""
    rounds = 3 if quick else 15
    metrics: dict[str, Metric] = {}
    served = 0
    with tempfile.TemporaryDirectory() as folder:
        subjects: list[Subject] = [
            *(Seen(role, model) for role, model in live_models(Path(folder)).items()),
            Heard(VAD, voice_detector(Path(folder))),
        ]
        for subject in subjects:
            ways = compare(subject, rounds)
            served += int(sum(slice_.per_s for slice_ in ways.ours) * SLICE_S)
            metrics |= _metrics(subject.model, ways)
    assert served > 0, "the scheduler served nothing"
    return Result("batching", machine(), served, metrics)


def compare(subject: Subject, rounds: int) -> Ways:
    """Slices of each way, ``rounds`` times, beside a process of busy cameras or microphones."""
    ways = Ways([], [], [], [], [])
    raw = partial(onnxruntime.InferenceSession(graph_of(subject.role)).run, None)
    run = subject.model.engine.run
    with subject.published(ABOVE_CAPACITY * graph_rate(subject, run, CORES).per_s) as offered:
        for _ in range(rounds):
            ways.raw.append(graph_rate(subject, raw, 1))
            ways.threads.append(graph_rate(subject, run, CORES))
            ways.bare.append(bare_rate(subject, subject.model.max_batch))
            ways.single.append(bare_rate(subject, 1))
            ways.ours.append(scheduler_rate(subject, offered))
    return ways


def _metrics(model: LoadedVisionModel | LoadedAudioModel, ways: Ways) -> dict[str, Metric]:
    rows = f"{model.name}, batches of {model.max_batch}"
    ours, raw = median(each.per_s for each in ways.ours), median(each.per_s for each in ways.raw)
    return {
        f"{model.name}_per_s": Metric(ours, "1/s", f"{rows}: scheduler, beside raw", raw),
        f"{model.name}_over_raw": Metric(
            _over(ways, ways.raw, "per_s"), "x", "scheduler / raw ONNX Runtime as it comes", 1.0, ">= 0.9"
        ),
        f"{model.name}_over_threads": Metric(
            _over(ways, ways.threads, "per_s"), "x", "scheduler / raw, a one-thread session a core", 1.0
        ),
        f"{model.name}_over_threads_cpu": Metric(
            _over(ways, ways.threads, "per_cpu_s"), "x", "the same, per second of CPU time", 1.0
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


def graph_rate(subject: Subject, run: Callable[[Feeds], object], callers: int) -> Slice:
    """The graph alone, at the scheduler's batch size."""
    feeds = subject.model.model.example(subject.model.max_batch)

    def batch() -> int:
        run(feeds)
        return subject.model.max_batch

    return _rate(batch, callers)


def bare_rate(subject: Subject, batch: int) -> Slice:
    """``batch`` frames or windows at a time are prepared, run and decoded, and that is all."""
    work = subject.bare(batch)
    return _rate(lambda: len(work().outputs), CORES)


def scheduler_rate(subject: Subject, offered: Offered) -> Slice:
    """Through the scheduler, which is offered more than can be served."""

    async def serve() -> Slice:
        wanted = {subject.role: subject.wanted_hz}
        models = {subject.role: subject.model}
        async with running_scheduler(
            offered.path, models, wanted, offered.sessions, subject.stream
        ) as recorder:
            cpu, begun = time.process_time(), time.monotonic()
            count = len(await measured(recorder, SLICE_S))
            return Slice(count / (time.monotonic() - begun), count / (time.process_time() - cpu))

    return uvloop.run(serve())


def _rate(run: Callable[[], int], callers: int) -> Slice:
    """Call ``run``, which returns how many items it did, in so many threads; whole calls, whole time."""
    slices = [0.0] * callers
    cpu, end = time.process_time(), time.monotonic() + SLICE_S

    def work(caller: int) -> None:
        begun, count = time.monotonic(), 0
        while time.monotonic() < end:
            count += run()
        slices[caller] = count / (time.monotonic() - begun)
        counts[caller] = count

    counts = [0] * callers
    threads = [threading.Thread(target=work, args=(caller,)) for caller in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Slice(sum(slices), sum(counts) / (time.process_time() - cpu))
