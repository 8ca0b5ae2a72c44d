"""A device that is lost to its process: the process ends, another one takes over, callers are told so."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from ..live_daemon import Daemon
from ..task_client import Client
from ..test_task_faults import CALLERS, ask_all, outcomes, until_served
from ..waiting import LONGEST_S
from .engine_faults import EngineFaults
from .outcome import Outcome
from .readiness import ready, until_ready

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.mark.fault(10, "sticky CUDA error (injected)")
def test_the_process_ends_and_another_one_takes_over(
    daemon: Daemon, engine_faults: EngineFaults, outcome: Outcome
) -> None:
    client = Client(daemon)
    until_served(client, "/face/embed")
    process = daemon.child("scheduler-0")
    with ThreadPoolExecutor(CALLERS) as callers:
        with engine_faults.broken("live", "device_lost"):
            asked = ask_all(client, callers, "/face/embed")
            process.wait(LONGEST_S)
        ended = time.monotonic()
        assert outcomes(asked) == {(503, "worker_gone", True)}
    status, readiness = ready(daemon)
    assert (status, readiness["reasons"]) == (503, ["scheduler-0 does not answer"])
    until_ready(daemon)
    assert until_served(client, "/face/embed") == set()
    outcome.recovered(time.monotonic() - ended)
    outcome.lost(0)
