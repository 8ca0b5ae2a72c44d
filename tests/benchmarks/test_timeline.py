import asyncio
from functools import partial
from types import SimpleNamespace

import pytest

from argusd.benchmarks.rigs.timeline import RecordedExecutor, Span, at_work


async def test_what_a_thread_did_is_kept() -> None:
    spans: list[Span] = []
    executor, ended = RecordedExecutor(1, spans), asyncio.Event()
    executor.submit(partial(str, SimpleNamespace(name="a_model")), lambda _: ended.set())
    await ended.wait()
    executor.close()
    [span] = spans
    assert span.model == "a_model"
    assert span.begin <= span.end


def test_threads_at_work_are_counted_by_model_and_step() -> None:
    spans = [
        Span("first", "short", 9.5, 10.5, 0.1),
        Span("second", "short", 10.25, 10.5, 0.1),
        Span("second", "long", 10.5, 12.5, 0.1),
    ]
    found = at_work(spans, begin=10.0, seconds=2.0, step=1.0)
    assert [at for at, _ in found["short"]] == [0.0, 1.0]
    assert [threads for _, threads in found["short"]] == pytest.approx([0.75, 0.0])
    assert [threads for _, threads in found["long"]] == pytest.approx([0.5, 1.0])
