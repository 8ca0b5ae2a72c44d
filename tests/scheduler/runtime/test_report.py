import os
from collections.abc import Iterator

import pytest

from argusd.scheduler.contract.messages import RoleStatus
from argusd.scheduler.loaded.loaded_vision import LoadedVisionModel
from argusd.scheduler.planning.curve import BatchCurve
from argusd.scheduler.runtime.cores import Cores
from argusd.scheduler.runtime.executor import Executor
from argusd.scheduler.runtime.loop import Scheduler
from argusd.scheduler.runtime.report import Report

from ..fakes import FakeEngine, FakeStreams, FakeVision, HeardFindings

FIFTY_MS = BatchCurve(sizes=[1], seconds=[0.050])
ROLE = RoleStatus("face_detector", "fake_vision", ready=True, detail="", load_seconds=0.1)


@pytest.fixture
def executor() -> Iterator[Executor]:
    executor = Executor(2, shared=False, clock=lambda: 0.0)
    yield executor
    executor.close()


@pytest.fixture
async def scheduler(executor: Executor) -> Scheduler:
    loaded = LoadedVisionModel(FakeVision(), FakeEngine(), FIFTY_MS)
    return Scheduler(
        [("face_detector", loaded)], {"face": FakeStreams("face", {})}, HeardFindings(), executor
    )


async def test_it_says_how_many_sessions_still_fit(scheduler: Scheduler) -> None:
    report = Report("boot", "cpu", [ROLE], scheduler, promised_age_s=0.5)
    # A session wants 4 looks of 50 ms a second, a fifth of a thread; 85 % of two threads hold 8.
    assert report.stats().fits_more == 8
    for _ in range(3):
        scheduler.demand.add_stream(scheduler.demand.shares.join(1.0), 0, period=0.25, max_age=1.0, due=0.0)
    assert report.stats().fits_more == 5


async def test_two_batches_on_one_device_are_one_server(scheduler: Scheduler) -> None:
    scheduler.executor = Executor(2, shared=True, clock=lambda: 0.0)
    report = Report("boot", "cuda:0", [ROLE], scheduler, promised_age_s=0.5)
    assert report.stats().fits_more == 4
    scheduler.executor.close()


async def test_nothing_fits_while_rates_are_lowered(scheduler: Scheduler) -> None:
    report = Report("boot", "cpu", [ROLE], scheduler, promised_age_s=0.5)
    scheduler.demand.add_stream(scheduler.demand.shares.join(1.0), 0, period=0.25, max_age=1.0, due=0.0)
    scheduler.rate.scale = 0.7
    assert (report.stats().fits_more, report.stats().rate_scale) == (0, 0.7)
    scheduler.rate.scale = 0.85  # as a burst of a second leaves it
    assert report.stats().fits_more == 7


async def test_the_cores_that_others_use_hold_nobody(scheduler: Scheduler) -> None:
    cores = Cores(2, list)
    report = Report("boot", "cpu", [ROLE], scheduler, 0.5, cores)
    cores._others = float(len(os.sched_getaffinity(0)))  # half of two are its own all the same
    # A fifth of a core for a session's looks, 4 ms for the loop's part, 30 ms beside: 85 % of one hold 3.
    assert report.stats().fits_more == 3


async def test_it_shows_what_was_counted(scheduler: Scheduler) -> None:
    scheduler.meters.served["face_detector"] += 7
    scheduler.meters.reused["face_detector"] += 3
    scheduler.meters.dropped["face"]["torn"] += 1
    scheduler.meters.frame_age["face"].add(0.02)
    stats = Report("boot", "cpu", [ROLE], scheduler, promised_age_s=0.5).stats()
    assert (stats.boot, stats.device, stats.roles) == ("boot", "cpu", [ROLE])
    assert stats.served == {"face_detector": 7}
    assert stats.reused == {"face_detector": 3}
    assert stats.dropped == {"face": {"torn": 1}}
    assert stats.frame_age_seconds["face"].count == 1
