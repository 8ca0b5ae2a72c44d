"""What callers of tasks meet when processes end or hang: an answer or a reason, never silence."""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from argusd.daemon.config import load_config
from argusd.scheduler.zoo.store import ZooStore

from .live_daemon import Daemon, started
from .task_client import Client, Reply
from .waiting import LONGEST_S

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]

CALLERS = 8
PATHS = {"scheduler-0": "/face/embed", "scheduler-bulk": "/doc/ocr"}


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    ZooStore(load_config().cache_dir).pull(["live", "registry", "sample"])
    with started(tmp_path_factory.mktemp("f")) as daemon:
        yield daemon


def portrait() -> bytes:
    return ZooStore(load_config().cache_dir).file("astronaut", "astronaut.png").read_bytes()


def ask_all(client: Client, callers: ThreadPoolExecutor, path: str, **body: Any) -> list[Future[Reply]]:
    image = portrait()
    return [callers.submit(client.ask, path, image_b64=image, **body) for _ in range(CALLERS)]


def at_work(daemon: Daemon, worker: str) -> float:
    """How many tasks this worker has been given and has not answered."""
    with urlopen(f"{daemon.url}/metrics") as response:
        families = list(text_string_to_metric_families(response.read().decode()))
    (gauge,) = [family for family in families if family.name == "ml_tasks_at_work"]
    (value,) = [sample.value for sample in gauge.samples if sample.labels["worker_id"] == worker]
    return value


def until_at_work(daemon: Daemon, worker: str, count: int) -> None:
    while at_work(daemon, worker) != count:
        time.sleep(0.02)


def outcomes(asked: list[Future[Reply]]) -> set[tuple[int, str | None, bool]]:
    """Status, code, and whether it says when to try again."""
    replies = [each.result() for each in asked]
    return {
        (reply.status, reply.answer.get("error_code"), "Retry-After" in reply.headers) for reply in replies
    }


def until_served(client: Client, path: str) -> set[str]:
    """Try as a caller does until there is a result; the codes that were met before."""
    image, met = portrait(), set()
    while (reply := client.ask(path, image_b64=image)).status == 503:
        met.add(reply.answer["error_code"])
        time.sleep(0.1)
    assert reply.status == 200, reply
    return met


@pytest.mark.parametrize("worker", PATHS)
def test_a_scheduler_that_is_killed_costs_its_callers_a_retry(daemon: Daemon, worker: str) -> None:
    client, path = Client(daemon), PATHS[worker]
    until_served(client, path)
    with ThreadPoolExecutor(CALLERS) as callers:
        process = daemon.child(worker)
        process.suspend()  # so that all of them are at work when it dies
        asked = ask_all(client, callers, path)
        until_at_work(daemon, worker, CALLERS)
        process.kill()
        assert outcomes(asked) == {(503, "worker_gone", True)}
    assert until_served(client, path) <= {"worker_gone"}


def test_the_other_tier_goes_on_while_one_is_away(daemon: Daemon) -> None:
    client = Client(daemon)
    until_served(client, "/doc/ocr")
    daemon.child("scheduler-bulk").kill()
    assert client.ask("/face/embed", image_b64=portrait()).status == 200
    until_served(client, "/doc/ocr")


def test_a_scheduler_that_hangs_gets_a_rest_and_then_another_chance(daemon: Daemon) -> None:
    client = Client(daemon)
    until_served(client, "/doc/ocr")
    process = daemon.child("scheduler-bulk")
    process.suspend()
    with ThreadPoolExecutor(CALLERS) as callers:
        asked = ask_all(client, callers, "/doc/ocr", timeout_s=0.5)
        assert outcomes(asked) == {(504, "deadline_exceeded", False)}
    reply = client.ask("/doc/ocr", image_b64=portrait())
    assert (reply.status, reply.answer["error_code"]) == (503, "breaker_open")
    assert "Retry-After" in reply.headers
    assert client.ask("/face/embed", image_b64=portrait()).status == 200
    process.resume()
    assert until_served(client, "/doc/ocr") <= {"breaker_open"}


def test_a_daemon_that_is_asked_to_end_finishes_what_it_has_begun(daemon: Daemon) -> None:
    client = Client(daemon)
    until_served(client, "/face/embed")
    with ThreadPoolExecutor(CALLERS) as callers:
        asked = ask_all(client, callers, "/face/embed")
        next(iter(asked)).result()
        daemon.process.send_signal(signal.SIGTERM)
        said = outcomes(asked)
    assert (200, None, False) in said
    assert said <= {(200, None, False), (503, "draining", True), (503, "worker_gone", True)}
    assert daemon.process.wait(LONGEST_S) == 0
