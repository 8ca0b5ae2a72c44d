"""Voice: many sessions' sound through the scheduler, beside one loop that batches the same windows perfectly.

Another process writes packets of 20 ms into 500 sessions' rings. The scheduler reads every window with the
real voice detector and analyzer. The loop gathers, prepares, runs and decodes windows of such a ring in
batches of the size that costs least, in one thread, and knows neither sessions nor time. CPU time is what is
compared, by rounds of both.
"""

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

import uvloop

from argusd.scheduler.analyzers.audio import AudioAnalyzer
from argusd.scheduler.contract.policy import Policy, Rates
from argusd.scheduler.contract.roles import VAD
from argusd.scheduler.contract.streams.interview import AUDIO
from argusd.scheduler.core import EVERY_WINDOW, Analyzer

from .harness import Metric, Result, machine, paired, percentile
from .rigs.onlookers import measured
from .rigs.scheduler import running_scheduler, voice_detector
from .rigs.subjects import Heard
from .rigs.writers import microphones

SESSIONS = 500
PACKET_S = 0.02
SIZES = (32, 64, 128, 256, 500)
LOOP_S = 0.7
WARM_UP_S = 5.0  # it begins a second behind
ROUNDS, SECONDS = 5, 4.0
QUICK_ROUNDS, QUICK_SECONDS = 2, 2.0
POLICY = Policy(rates=Rates(speaker_embedder=0))


class Round(NamedTuple):
    """What the scheduler did in one round: microseconds of CPU a window, and of these the threads'.

    ``windows``: of those that were spoken, the part that was read. ``ages_s``: of a sample of the windows.
    """

    window_us: float
    threads_us: float
    windows: float
    batch: float
    ages_s: list[float]


def main(quick: bool) -> Result:
    """Rounds of both."""
    rounds, seconds = (QUICK_ROUNDS, QUICK_SECONDS) if quick else (ROUNDS, SECONDS)
    with tempfile.TemporaryDirectory() as folder:
        subject = Heard(VAD, voice_detector(Path(folder)))
    loop: list[dict[int, float]] = []
    ours: list[Round] = []
    with microphones(SESSIONS, PACKET_S) as path:
        for _ in range(rounds):
            loop.append({size: loop_us(subject, size) for size in SIZES})
            ours.append(uvloop.run(scheduled(subject, path, seconds)))
    return judged(loop, ours, subject.wanted_hz, seconds)


def loop_us(subject: Heard, size: int) -> float:
    """Microseconds of CPU a window, in one thread."""
    work = subject.bare(size)
    work()
    begun, end, windows = time.thread_time(), time.monotonic() + LOOP_S, 0
    while time.monotonic() < end:
        windows += len(work().outputs)
    return 1e6 * (time.thread_time() - begun) / windows


async def scheduled(subject: Heard, path: Path, seconds: float) -> Round:
    """One life of a scheduler."""

    def analyzer(_: Policy) -> Analyzer:
        return AudioAnalyzer(POLICY)

    models, rates = {VAD: subject.model}, {VAD: EVERY_WINDOW}
    async with running_scheduler(path, models, rates, SESSIONS, AUDIO.name, analyzer) as recorder:
        await measured(recorder, WARM_UP_S)
        recorder.spans.clear()
        served, cpu, begun = recorder.meters.served[VAD], time.process_time(), time.monotonic()
        answers = await measured(recorder, seconds)
        windows, took = recorder.meters.served[VAD] - served, time.monotonic() - begun
        cpu = time.process_time() - cpu
        spans = tuple(recorder.spans)
    assert windows > 0, "the scheduler heard nothing"
    return Round(
        1e6 * cpu / windows,
        1e6 * sum(span.cpu_s for span in spans) / windows,
        windows / (SESSIONS * subject.wanted_hz * took),
        windows / max(len(spans), 1),
        [answer.age_s for answer in answers],
    )


def judged(loop: list[dict[int, float]], ours: list[Round], wanted_hz: float, seconds: float) -> Result:
    """Ours beside the loop's best size."""
    size = min(SIZES, key=lambda size: median(each[size] for each in loop))
    best = [each[size] for each in loop]
    ratio = paired([each.window_us for each in ours], best)
    ages = [age for each in ours for age in each.ages_s]
    threads = median(each.threads_us for each in ours)
    window = median(each.window_us for each in ours)
    meaning = "CPU a window of the scheduler's process"
    return Result(
        "voice",
        machine(),
        served=int(sum(each.windows for each in ours) * SESSIONS * wanted_hz * seconds),
        metrics={
            "over_loop": Metric(
                ratio.median,
                "x",
                f"the same / one loop of batches of {size}, paired rounds",
                1.0,
                "<= 1.5",
                ratio[1:],
            ),
            "window_us": Metric(window, "us", meaning, median(best)),
            "threads_us": Metric(threads, "us", "of that, gather, prepare, run, decode", median(best)),
            "scheduler_us": Metric(window - threads, "us", "of that, receive, plan, hand over, absorb"),
            "batch": Metric(median(each.batch for each in ours), "", "windows in a batch, mean", float(size)),
            "windows": Metric(
                median(each.windows for each in ours), "x", "windows read of those spoken", None, ">= 0.99"
            ),
            "age_p50_ms": Metric(1e3 * percentile(ages, 50), "ms", "from a window's last sample, p50"),
            "age_p95_ms": Metric(1e3 * percentile(ages, 95), "ms", "the same, p95"),
        },
        series={
            "CPU a window, us/one loop": [(float(s), median(each[s] for each in loop)) for s in SIZES],
            "CPU a window, us/argusd": [(median(each.batch for each in ours), window)],
        },
        axes=("windows in a batch", ""),
    )
