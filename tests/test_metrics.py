"""Every figure of the contract (DESIGN section 6), by its exact name, after real work by a running daemon."""

import http.client
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from argusd.daemon.config import load_config
from argusd.scheduler.zoo.store import ZooStore

from .live_daemon import Daemon, started
from .task_client import Client
from .waiting import LONGEST_S

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(300)]

STREAMS = {f"stream={stream}" for stream in ("face", "audio", "video", "lipsync")}
FAMILIES = {
    "ml_infer_duration_seconds": "histogram",
    "ml_model_load_seconds": "gauge",
    "ml_active_sessions": "gauge",
    "ml_orchestrator_dispatch_latency_ms": "histogram",
    "ml_worker_health": "gauge",
    "ml_batch_size": "histogram",
    "ml_frame_age_seconds": "histogram",
    "ml_served": "counter",
    "ml_reused": "counter",
    "ml_dropped": "counter",
    "ml_ring_overruns": "counter",
    "ml_sessions_fit_more": "gauge",
}
Figures = dict[tuple[str, str], float]  # name of the sample and its labels, as Prometheus writes them


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    ZooStore(load_config().cache_dir).pull(["live", "sample"])
    with started(tmp_path_factory.mktemp("state")) as daemon:
        yield daemon


def families(daemon: Daemon) -> list[Metric]:
    connection = http.client.HTTPConnection(urlsplit(daemon.url).netloc, timeout=LONGEST_S)
    try:
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
    finally:
        connection.close()
    return list(text_string_to_metric_families(text))


def figures(daemon: Daemon) -> Figures:
    return {
        (sample.name, ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))): float(
            sample.value
        )
        for family in families(daemon)
        for sample in family.samples
    }


@pytest.fixture(scope="module")
def worked(daemon: Daemon) -> Figures:
    """While the sample clip is published, once each stream and a task have been served."""
    portrait = ZooStore(load_config().cache_dir).file("astronaut", "astronaut.png").read_bytes()
    Client(daemon).result("/face/embed", image_b64=portrait)
    with daemon.publishing("sample", "metered", "--loop") as publisher:
        assert publisher.stdout is not None
        for _ in publisher.stdout:  # whenever something was found
            found = figures(daemon)
            if labels(found, "ml_frame_age_seconds_count") == STREAMS:
                return found
    raise AssertionError("the publisher ended before all streams were served")


def labels(found: Figures, name: str) -> set[str]:
    return {labelled for sample, labelled in found if sample == name}


def test_each_family_has_its_name_and_type(daemon: Daemon, worked: Figures) -> None:
    """Also those that have nothing to count yet, such as what was dropped."""
    found = {family.name: family.type for family in families(daemon)}
    assert FAMILIES.items() <= found.items()


def test_tasks_are_timed_by_type(worked: Figures) -> None:
    assert worked["ml_infer_duration_seconds_count", "task_type=face_embed"] == 1
    assert worked["ml_infer_duration_seconds_sum", "task_type=face_embed"] > 0
    assert worked["ml_infer_duration_seconds_bucket", "le=+Inf,task_type=face_embed"] == 1


def test_the_way_to_the_worker_is_timed_by_service(worked: Figures) -> None:
    assert worked["ml_orchestrator_dispatch_latency_ms_count", "service=face"] == 1


def test_models_are_timed_while_they_load(worked: Figures) -> None:
    models = labels(worked, "ml_model_load_seconds")
    assert {"model=silero_vad", "model=facemesh_attention", "model=centernet"} <= models
    assert all(worked["ml_model_load_seconds", model] > 0 for model in models)


def test_sessions_are_counted_by_stream(worked: Figures) -> None:
    for stream in STREAMS:
        assert worked["ml_active_sessions", stream.replace("stream", "stream_type")] == 1


def test_every_worker_says_how_it_is(worked: Figures) -> None:
    for worker in ("ingest-0", "scheduler-0", "scheduler-bulk"):
        assert worked["ml_worker_health", f"worker_id={worker}"] == 1


def test_batches_are_sized_by_model(worked: Figures) -> None:
    assert worked["ml_batch_size_count", "model=silero_vad"] >= 1
    assert (
        worked["ml_batch_size_sum", "model=silero_vad"] >= worked["ml_batch_size_count", "model=silero_vad"]
    )


def test_frames_have_an_age_by_stream(worked: Figures) -> None:
    for stream in STREAMS:
        assert worked["ml_frame_age_seconds_count", stream] >= 1
        assert worked["ml_frame_age_seconds_sum", stream] > 0


def test_what_was_served_and_what_was_passed_over_is_counted(worked: Figures) -> None:
    assert worked["ml_served_total", "role=face_detector"] >= 1
    assert labels(worked, "ml_ring_overruns_total") == STREAMS


def test_the_sessions_that_still_fit_are_told(worked: Figures) -> None:
    assert worked["ml_sessions_fit_more", ""] >= 0
