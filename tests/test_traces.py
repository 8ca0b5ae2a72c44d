"""Requests to a daemon as people start it, as one trace each across its processes."""

from pathlib import Path

import numpy as np
import pytest

from argusd.daemon.config import load_config
from argusd.scheduler.zoo.store import ZooStore

from .collector import CollectedSpan, Collector, collecting
from .live_daemon import started
from .scheduler.pages import png
from .task_client import Client

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]

GREY = png(np.full((240, 320, 3), 128, np.uint8))


def trace(collector: Collector, *names: str) -> dict[str, CollectedSpan]:
    """The trace of the request that came last."""
    found = collector.wait_for(*names)
    collector.spans.clear()
    assert len({span.trace_id for span in found.values()}) == 1
    return found


def test_a_trace_leads_from_the_request_to_the_batch_in_either_tier(tmp_path: Path) -> None:
    ZooStore(load_config().cache_dir).pull(["live", "registry"])
    with collecting() as collector, started(tmp_path, TRACES_URL=collector.url) as daemon:
        client = Client(daemon)
        assert client.post("/face/embed", image_b64=GREY)[0] == 422, "it shows nobody"
        found = trace(collector, "request", "dispatch", "task", "queue", "batch")
        assert found["request"].attributes["http.response.status_code"] == 422
        assert found["task"].attributes["error.type"] == "no_face"
        assert found["dispatch"].parent_id == found["request"].span_id
        assert found["task"].parent_id == found["dispatch"].span_id
        assert found["queue"].parent_id == found["batch"].parent_id == found["task"].span_id
        processes = [found[name].process for name in ("request", "dispatch", "task", "batch")]
        assert processes == ["argusd-api"] * 2 + ["argusd-scheduler-0"] * 2

        client.post("/doc/ocr", image_b64=GREY)
        slow = trace(collector, "request", "dispatch", "task")
        assert slow["task"].process == "argusd-scheduler-bulk"
        assert slow["task"].parent_id == slow["dispatch"].span_id
