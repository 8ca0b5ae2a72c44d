"""Overload: twice as many sessions as the cores can serve, at the default policy's rates, on real models.

What must hold: the frame behind each result stays young, no older at the end than at the beginning (nothing
queues), all sessions are served alike, and no core is idle meanwhile.
"""

import math
import tempfile
import time
from collections import Counter
from pathlib import Path

import uvloop

from argusd.scheduler.contract.policy import Rates

from .batching import bare_rate
from .harness import Metric, Result, machine, percentile
from .rigs.onlookers import Answer, measured
from .rigs.scheduler import CORES, live_models, running_scheduler
from .rigs.subjects import Seen
from .rigs.timeline import Span, at_work
from .rigs.writers import cameras

FPS = 15.0
OVERLOAD = 2.0
THIRDS = 3
STEP_S = 0.1  # of the timeline


def main(quick: bool) -> Result:
    """One run; its results are split by time and by session."""
    seconds = 6.0 if quick else 45.0
    with tempfile.TemporaryDirectory() as folder:
        models = live_models(Path(folder))
    wanted = {role: getattr(Rates(), role) for role in models}
    # What all cores together need for a session's looks in a second, one call for each of them.
    cost = sum(rate / bare_rate(Seen(role, models[role]), 1).per_s for role, rate in wanted.items())
    sessions = math.ceil(OVERLOAD / cost)

    async def serve() -> tuple[list[Answer], list[Span], float]:
        async with running_scheduler(path, models, wanted, sessions) as recorder:
            await measured(recorder, seconds / THIRDS)  # until the rates have settled
            recorder.spans.clear()
            begin = time.monotonic()
            return await measured(recorder, seconds), recorder.spans, begin

    with cameras(sessions, FPS) as path:
        answers, spans, begin = uvloop.run(serve())
    assert answers, "the scheduler served nothing"
    at_cores = sum(span.cpu_s for span in spans) / seconds
    return Result(
        "overload",
        machine(),
        len(answers),
        overload_metrics(answers, wanted, sessions, seconds)
        | {"cores": Metric(at_cores, "", "cores at work on batches, of all", float(CORES))},
        series={
            "age of the frame behind a result, ms": [
                (answer.at - begin, answer.age_s * 1e3) for answer in answers
            ]
        }
        | {
            f"threads at work/{model}": each for model, each in at_work(spans, begin, seconds, STEP_S).items()
        },
        axes=("seconds of twofold overload", ""),
    )


def overload_metrics(
    answers: list[Answer], wanted: dict[str, float], sessions: int, seconds: float
) -> dict[str, Metric]:
    """The figures of ``seconds`` of answers to so many sessions, each of which wanted these rates."""
    periods = [answer.age_s * wanted[answer.role] for answer in answers]
    third = seconds / THIRDS
    first = [answer.age_s for answer in answers if answer.at < answers[0].at + third]
    last = [answer.age_s for answer in answers if answer.at > answers[-1].at - third]
    shares = Counter(answer.session_id for answer in answers)
    asked = sessions * sum(wanted.values())
    return {
        "sessions": Metric(sessions, "", f"each wants {sum(wanted.values()):.0f} looks a second"),
        "looks_per_s": Metric(len(answers) / seconds, "1/s", "looks answered, beside those wanted", asked),
        "age_p95_periods": Metric(percentile(periods, 95), "", "frame age, p95, in periods", None, "<= 2.5"),
        "age_p95_ms": Metric(1e3 * percentile([answer.age_s for answer in answers], 95), "ms", "the same"),
        "age_trend": Metric(
            percentile(last, 95) / percentile(first, 95),
            "x",
            "p95 age, last third / first third",
            None,
            "~ 1",
        ),
        "fairness": Metric(
            max(shares.values()) / min(shares.get(f"s{n}", 0) or 1e-9 for n in range(sessions)),
            "x",
            "most served / least served session",
            None,
            "<= 1.2",
        ),
    }
