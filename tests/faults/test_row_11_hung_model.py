"""A model that does not come back: its process is ended at the deadline, the other tier goes on."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from ..live_daemon import Daemon
from ..scheduler.pages import png
from ..task_client import Client
from ..test_task_faults import CALLERS, ask_all, outcomes, until_served
from ..waiting import LONGEST_S
from .engine_faults import EngineFaults
from .outcome import Outcome
from .readiness import until_ready

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(300)]

BLANK = png(np.full((64, 64, 3), 255, np.uint8))


@pytest.mark.fault(11, "hung model")
def test_its_process_is_ended_and_the_other_tier_goes_on(
    daemon: Daemon, engine_faults: EngineFaults, outcome: Outcome
) -> None:
    client = Client(daemon)
    until_served(client, "/face/embed")
    process = daemon.child("scheduler-0")
    began = time.monotonic()
    with ThreadPoolExecutor(CALLERS) as callers:
        with engine_faults.broken("live", "hangs"):
            asked = ask_all(client, callers, "/face/embed")
            assert client.ask("/doc/ocr", image_b64=BLANK).status == 200
            process.wait(LONGEST_S)
        assert outcomes(asked) == {(503, "worker_gone", True)}
    until_ready(daemon)
    assert until_served(client, "/face/embed") == set()
    outcome.recovered(time.monotonic() - began)
    outcome.lost(0)
