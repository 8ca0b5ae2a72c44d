"""What a collector hears of a task: how long its items waited, and the batches that they were in."""

from typing import Any

import pytest

from argusd.scheduler.tasks.runner import Runner
from argusd.scheduler.tracing.traces import traces_of

from ...collector import Collector, collecting
from .test_task_pool import Desk, grey

TRACE_ID, SPAN_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


async def two_looks(payload: Any, runner: Runner) -> dict[str, Any]:
    for brightness in (10, 20):
        await runner.infer_picture("face_detector", grey(brightness))
    return {}


async def asked(collector: Collector, traceparent: str, short: bool = False) -> None:
    """Have a task done whose caller traces it, or not."""
    traces = traces_of("scheduler-0", collector.url, 1.0)
    desk = Desk(two_looks, short=(lambda _: True) if short else None, traces=traces)
    desk.traceparent = traceparent
    try:
        desk.ask()
        await desk.answer()
    finally:
        await desk.close()
        traces.close()


async def test_each_item_waits_and_then_is_in_a_batch() -> None:
    with collecting() as collector:
        await asked(collector, f"00-{TRACE_ID}-{SPAN_ID}-01")
        spans = collector.spans
    (task,) = (span for span in spans if span.name == "task")
    assert (task.process, task.trace_id, task.parent_id) == ("argusd-scheduler-0", TRACE_ID, SPAN_ID)
    assert task.attributes == {"argusd.task_type": "face_embed"}
    inside = sorted((span for span in spans if span is not task), key=lambda span: span.began)
    assert [span.name for span in inside] == ["queue", "batch", "queue", "batch"]
    assert {(span.trace_id, span.parent_id) for span in inside} == {(TRACE_ID, task.span_id)}
    for queue, batch in (inside[:2], inside[2:]):
        assert queue.attributes == {"argusd.model": "fake_vision"}
        assert batch.attributes == {"argusd.model": "fake_vision", "argusd.batch_size": 1}
        assert queue.began <= queue.ended == pytest.approx(batch.began, abs=1e-3)
        assert batch.began <= batch.ended


async def test_a_task_that_is_done_at_once_is_one_batch() -> None:
    with collecting() as collector:
        await asked(collector, f"00-{TRACE_ID}-{SPAN_ID}-01", short=True)
        found = collector.wait_for("task", "queue", "batch")
    assert len(collector.spans) == 3
    assert found["batch"].attributes == {"argusd.model": "face_embed", "argusd.batch_size": 1}


async def test_what_its_caller_does_not_trace_is_told_of_to_nobody() -> None:
    with collecting() as collector:
        await asked(collector, f"00-{TRACE_ID}-{SPAN_ID}-00")
    assert collector.spans == []
