"""What each of the executor's threads did when: where the time goes that cores are idle."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import NamedTuple, TypeVar

from argusd.scheduler.runtime.executor import Executor

Result = TypeVar("Result")


class Span(NamedTuple):
    """A batch that a thread prepared, ran and decoded: monotonic seconds, and the CPU's that it took."""

    thread: str
    model: str
    begin: float
    end: float
    cpu_s: float


class RecordedExecutor(Executor):
    """An executor that keeps what it did in ``spans``."""

    def __init__(self, count: int, spans: list[Span]) -> None:
        super().__init__(count, shared=False, clock=time.monotonic)
        self._spans = spans

    def submit(
        self, job: Callable[[], Result], done: Callable[[Future[Result]], None], *, long: bool = False
    ) -> None:
        """As the executor does; ``job`` is a partial of a loaded model's batch."""
        model: str = job.args[0].name  # type: ignore[attr-defined]

        def recorded() -> Result:
            begin, cpu = time.monotonic(), time.thread_time()
            try:
                return job()
            finally:
                cpu_s = time.thread_time() - cpu
                self._spans.append(
                    Span(threading.current_thread().name, model, begin, time.monotonic(), cpu_s)
                )

        super().submit(recorded, done, long=long)


def at_work(
    spans: Sequence[Span], begin: float, seconds: float, step: float
) -> dict[str, list[tuple[float, float]]]:
    """Threads at work on each model, on average over steps: (seconds since ``begin``, threads)."""
    steps = round(seconds / step)
    busy: defaultdict[str, list[float]] = defaultdict(lambda: [0.0] * steps)
    for span in spans:
        first, last = int((span.begin - begin) / step), int((span.end - begin) / step)
        for at in range(max(first, 0), min(last + 1, steps)):
            from_s, to_s = begin + at * step, begin + (at + 1) * step
            busy[span.model][at] += max(0.0, min(span.end, to_s) - max(span.begin, from_s))
    return {
        model: [(at * step, taken / step) for at, taken in enumerate(each)] for model, each in busy.items()
    }
