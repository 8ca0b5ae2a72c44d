"""What callers of tasks meet when the daemon's processes end: an answer or a reason, never silence."""

import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from argusd.daemon.config import load_config
from argusd.scheduler.zoo.store import ZooStore

from .live_daemon import Daemon, started
from .task_client import Answer, Client

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]

CALLERS = 8


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    ZooStore(load_config().cache_dir).pull(["live", "sample"])
    with started(tmp_path) as daemon:
        yield daemon


def portrait() -> bytes:
    return ZooStore(load_config().cache_dir).file("astronaut", "astronaut.png").read_bytes()


def ask_all(client: Client, callers: ThreadPoolExecutor) -> list[Future[Answer]]:
    """So many tasks that some are at work while others wait."""
    image = portrait()
    client.result("/face/embed", image_b64=image)
    return [callers.submit(client.post, "/face/embed", image_b64=image) for _ in range(CALLERS)]


def outcomes(asked: list[Future[Answer]]) -> set[tuple[int, str | None]]:
    return {(status, answer.get("error_code")) for status, answer in (each.result() for each in asked)}


def test_a_scheduler_that_is_killed_costs_its_callers_a_retry(daemon: Daemon) -> None:
    client = Client(daemon)
    with ThreadPoolExecutor(CALLERS) as callers:
        asked = ask_all(client, callers)
        daemon.child("scheduler").kill()
        assert outcomes(asked) <= {(200, None), (503, "worker_gone")}
        image = portrait()
        while (answer := client.post("/face/embed", image_b64=image))[0] == 503:
            assert answer[1]["error_code"] == "worker_gone"
        assert answer[0] == 200


def test_a_daemon_that_is_asked_to_end_finishes_what_it_has_begun(daemon: Daemon) -> None:
    client = Client(daemon)
    with ThreadPoolExecutor(CALLERS) as callers:
        asked = ask_all(client, callers)
        next(iter(asked)).result()
        daemon.process.send_signal(signal.SIGTERM)
        assert outcomes(asked) <= {(200, None), (503, "draining"), (503, "worker_gone")}
        assert [each.result()[0] for each in asked].count(200) >= 1
    assert daemon.process.wait(30) == 0
