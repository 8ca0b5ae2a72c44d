"""Spans of requests, as a real collector gets them."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from argusd.scheduler.contract.messages import TaskFailed

from ...collector import Collector, collecting
from ..fake_task_scheduler import FakeTaskScheduler
from ..fixtures import RunningApi, make_config

TRACE_ID, SPAN_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED, UNSAMPLED = (f"00-{TRACE_ID}-{SPAN_ID}-{flags}" for flags in ("01", "00"))
ASKED = {"session_id": "s1", "task_type": "face_embed", "payload": {"image_b64": "AAAA"}}


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest.fixture
async def scheduler(tmp_path: Path) -> AsyncIterator[FakeTaskScheduler]:
    scheduler = FakeTaskScheduler(tmp_path, "scheduler-0")
    yield scheduler
    scheduler.die()


async def ask(api: RunningApi, traceparent: str = "") -> int:
    headers = {"traceparent": traceparent} if traceparent else {}
    async with api.http.post("/ml/infer", json=ASKED, headers=headers) as response:
        return response.status


async def test_a_request_is_a_span_of_its_callers_trace_and_goes_on_in_the_scheduler(
    tmp_path: Path, collector: Collector, scheduler: FakeTaskScheduler
) -> None:
    async with RunningApi(make_config(tmp_path, traces_url=collector.url)) as api:
        assert await ask(api, SAMPLED) == 200
    request, dispatch = collector.wait_for("request", "dispatch").values()
    assert (request.process, request.trace_id, request.parent_id) == ("argusd-api", TRACE_ID, SPAN_ID)
    assert request.attributes == {
        "http.request.method": "POST",
        "http.route": "/ml/infer",
        "http.response.status_code": 200,
    }
    assert (dispatch.trace_id, dispatch.parent_id) == (TRACE_ID, request.span_id)
    assert dispatch.attributes == {"argusd.task_type": "face_embed", "argusd.worker_id": "scheduler-0"}
    assert request.began <= dispatch.began <= dispatch.ended <= request.ended
    (task,) = scheduler.asked
    assert task.traceparent == f"00-{TRACE_ID}-{dispatch.span_id}-01"


async def test_what_fails_is_marked(
    tmp_path: Path, collector: Collector, scheduler: FakeTaskScheduler
) -> None:
    scheduler.answer = lambda request: TaskFailed(request.request, "internal_error", "It is broken.")
    async with RunningApi(make_config(tmp_path, traces_url=collector.url)) as api:
        assert await ask(api) == 500
    request, dispatch = collector.wait_for("request", "dispatch").values()
    assert (request.failed, dispatch.failed) == (True, True)
    assert request.parent_id == ""


@pytest.mark.parametrize(("share", "traceparent"), [(1.0, UNSAMPLED), (0.0, "")])
async def test_what_nobody_wants_to_see_is_not_sent(
    tmp_path: Path, collector: Collector, scheduler: FakeTaskScheduler, share: float, traceparent: str
) -> None:
    async with RunningApi(make_config(tmp_path, traces_url=collector.url, traces_share=share)) as api:
        assert await ask(api, traceparent) == 200
    assert collector.spans == []
    flags = int(scheduler.asked[0].traceparent[-2:], 16)
    assert flags & 1 == 0, "nor does the scheduler send any"


async def test_a_caller_may_want_a_trace_of_what_is_not_traced_otherwise(
    tmp_path: Path, collector: Collector, scheduler: FakeTaskScheduler
) -> None:
    async with RunningApi(make_config(tmp_path, traces_url=collector.url, traces_share=0.0)) as api:
        await ask(api, SAMPLED)
    assert {span.trace_id for span in collector.spans} == {TRACE_ID}


@pytest.mark.parametrize("traceparent", ["", "00-nonsense", f"00-{'0' * 32}-{SPAN_ID}-01", "é"])
async def test_a_header_that_is_none_begins_a_trace_of_its_own(
    tmp_path: Path, collector: Collector, scheduler: FakeTaskScheduler, traceparent: str
) -> None:
    async with RunningApi(make_config(tmp_path, traces_url=collector.url)) as api:
        assert await ask(api, traceparent) == 200
    (request,) = (span for span in collector.spans if span.name == "request")
    assert request.parent_id == ""
    assert int(request.trace_id, 16) > 0


async def test_who_only_looks_is_not_traced(tmp_path: Path, collector: Collector) -> None:
    async with RunningApi(make_config(tmp_path, traces_url=collector.url)) as api:
        for path in ("/health", "/ready", "/metrics", "/sessions", "/nothing"):
            await api.json("GET", path)
    assert collector.spans == []


async def test_a_collector_that_is_away_is_nobodys_trouble(
    tmp_path: Path, scheduler: FakeTaskScheduler
) -> None:
    async with RunningApi(make_config(tmp_path, traces_url="http://127.0.0.1:1/v1/traces")) as api:
        assert await ask(api, SAMPLED) == 200


async def test_without_a_collector_nothing_is_traced(tmp_path: Path, scheduler: FakeTaskScheduler) -> None:
    async with RunningApi(make_config(tmp_path)) as api:
        assert await ask(api, SAMPLED) == 200
    assert scheduler.asked[0].traceparent == ""
