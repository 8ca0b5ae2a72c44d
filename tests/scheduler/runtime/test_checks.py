"""Models that nobody uses are tried, and what they are used for is told."""

import asyncio
import threading
from functools import partial
from typing import Any

import pytest

from argusd.scheduler.contract.errors import ModelUnavailable
from argusd.scheduler.contract.messages import RoleStatus
from argusd.scheduler.errors import EXIT_DEVICE_LOST, DeviceLost, InferenceFailed, OutOfMemory
from argusd.scheduler.loaded.loaded_model import LONG_S
from argusd.scheduler.planning.curve import BatchCurve
from argusd.scheduler.runtime import checks
from argusd.scheduler.runtime.checks import EVERY_S, LIBRARY_EVERY_S, Checks
from argusd.scheduler.runtime.pending import PendingItems
from argusd.scheduler.runtime.report import Report
from argusd.scheduler.runtime.task_pool import TaskPool

from ...waiting import until
from ..bench import Bench
from ..fakes import ALICE, write_frame

ROLE = RoleStatus("face_detector", "fake_vision", ready=True, detail="", load_seconds=0.1)
READER = RoleStatus("ocr", "reader", ready=True, detail="", load_seconds=0.1, live=False)


async def look(bench: Bench) -> None:
    """Let all checks that are due be over."""
    tasks = TaskPool(bench.scheduler.pending, {}, limit=1, threads=1)
    Checks(bench.scheduler, tasks, lambda: bench.now).look()
    await tasks.close()
    await until(lambda: bench.executor.state.free == bench.executor.state.total)


def role(bench: Bench) -> RoleStatus:
    return Report("boot", "cpu", [ROLE], bench.scheduler, 0.5).stats().roles[0]


@pytest.fixture
async def idle(bench: Bench) -> Bench:
    """Its models were judged when the clock stood at 0."""
    bench.now = EVERY_S
    for _, model in bench.scheduler.loaded:
        model.judge("", 0.0)
    return bench


async def test_a_model_is_tried_when_it_has_not_run_for_a_while(idle: Bench) -> None:
    for tried in (1, 1, 2):
        await look(idle)
        assert idle.vision_engine.batches == [1] * tried
        idle.now += EVERY_S / 2


async def test_a_model_that_is_used_is_not_tried(idle: Bench) -> None:
    ring, ref = idle.tracks.frames()
    idle.watch(ALICE, "face")
    idle.sessions.ring_opened(ALICE, ref)
    write_frame(ring, 1, arrival=idle.now)
    await idle.settle()
    await look(idle)
    assert idle.vision_engine.batches == [1]


async def test_a_long_model_waits_for_a_thread_of_the_long_ones(idle: Bench) -> None:
    idle.vision_model.curve = BatchCurve([1], [2 * LONG_S])
    at_work = threading.Event()
    for _ in range(idle.executor.state.total):
        idle.executor.submit(partial(at_work.wait, 10), lambda _: None, long=True)
    await look(idle)
    assert idle.vision_engine.batches == []
    at_work.set()
    await until(lambda: not idle.executor.state.long)
    await look(idle)
    await until(lambda: idle.vision_engine.batches == [1])


async def test_a_role_whose_model_does_not_run_is_not_ready_until_it_does(idle: Bench) -> None:
    idle.vision_engine.fail = InferenceFailed("no more")
    await look(idle)
    assert (
        role(idle).detail
        == "fake_vision does not run (inference_failed); it is tried again from time to time"
    )
    assert not role(idle).ready
    share = idle.scheduler.pending.begin()
    with pytest.raises(ModelUnavailable, match="does not run at present"):
        idle.scheduler.pending.add(share, "face_detector", None, idle.now)
    idle.vision_engine.fail = None
    idle.now += EVERY_S
    await look(idle)
    assert role(idle) == ROLE


@pytest.mark.parametrize(
    ("error", "codes"), [(DeviceLost("gone"), [EXIT_DEVICE_LOST]), (OutOfMemory("no room"), [])]
)
async def test_a_lost_device_ends_the_process_and_a_full_one_does_not(
    idle: Bench, error: Exception, codes: list[int]
) -> None:
    exits: list[Any] = []
    idle.scheduler.abort = exits.append
    idle.vision_engine.fail = error
    await look(idle)
    assert exits == codes
    assert not role(idle).ready


class Reader:
    """A model that its own library runs. ``fails``: what that raises."""

    role, name = "ocr", "reader"

    def __init__(self) -> None:
        self.checks = 0
        self.fails: Exception | None = None

    def check(self) -> None:
        self.checks += 1
        if self.fails is not None:
            raise self.fails


async def test_so_is_a_model_that_its_own_library_runs(bench: Bench) -> None:
    reader, exits = Reader(), list[int]()
    pending = PendingItems(bench.scheduler.demand, [], {}, {"ocr": reader}, lambda: bench.now, lambda: None)
    bench.scheduler.pending = pending
    tasks = TaskPool(pending, {}, limit=1, threads=1, abort=exits.append)
    checks = Checks(bench.scheduler, tasks, lambda: bench.now)
    report = Report("boot", "cpu", [READER], bench.scheduler, 0.5)

    async def tried(count: int) -> None:
        bench.now += LIBRARY_EVERY_S
        checks.look()
        await until(lambda: reader.checks == count and not tasks.threads.busy)
        checks.look()  # not due
        await asyncio.sleep(0)

    reader.fails = AttributeError("another version")
    await tried(1)
    await until(lambda: not report.stats().roles[0].ready)
    with pytest.raises(ModelUnavailable, match="The model reader of the role ocr does not run at present"):
        pending.library_model("ocr")
    reader.fails = None
    await tried(2)
    await until(lambda: report.stats().roles[0] == READER)
    assert pending.library_model("ocr") is reader
    reader.fails = RuntimeError("CUDA error: unspecified launch failure")
    await tried(3)
    await until(lambda: exits == [EXIT_DEVICE_LOST])
    await tasks.close()


async def test_memory_is_given_back_while_no_model_is_used(
    idle: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_back: list[float] = []
    monkeypatch.setattr(checks, "give_back", lambda: given_back.append(idle.now))
    ring, ref = idle.tracks.frames()
    idle.watch(ALICE, "face")
    idle.sessions.ring_opened(ALICE, ref)
    write_frame(ring, 1, arrival=idle.now)
    await idle.settle()
    for _ in range(3):  # two threads check three models
        await look(idle)
    assert not given_back
    idle.now += EVERY_S
    for _ in range(3):
        await look(idle)
    assert given_back == [idle.now]
