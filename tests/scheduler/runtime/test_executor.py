import asyncio
import threading
from concurrent.futures import Future

import pytest

from argusd.scheduler.planning.batcher import ExecutorState
from argusd.scheduler.runtime.executor import Executor


async def test_jobs_run_in_threads_and_report_on_the_loop() -> None:
    executor = Executor(2, shared=False, clock=lambda: 0.0)
    loop_thread, told = threading.get_ident(), asyncio.get_running_loop().create_future()

    def done(future: "Future[int]") -> None:
        told.set_result((threading.get_ident(), future.result()))

    executor.submit(threading.get_ident, done)
    assert executor.state == ExecutorState(free=1, total=2, shared=False, spare=2)
    thread, result = await told
    assert thread == loop_thread
    assert result != loop_thread
    assert executor.state.free == 2
    executor.close()


async def test_it_knows_how_long_the_oldest_job_is_at_work() -> None:
    now, gate = [100.0], threading.Event()
    executor = Executor(2, shared=True, clock=lambda: now[0])
    assert executor.longest() == 0.0
    finished = asyncio.Event()
    executor.submit(gate.wait, lambda _: finished.set())
    now[0] = 107.0
    assert executor.longest() == 7.0
    gate.set()
    await finished.wait()
    assert executor.longest() == 0.0
    executor.close()


async def test_a_core_takes_up_the_job_that_waits_as_soon_as_it_is_free() -> None:
    gates, ended = [threading.Event(), threading.Event()], [asyncio.Event(), asyncio.Event()]
    executor = Executor(1, shared=False, clock=lambda: 0.0)
    executor.submit(gates[0].wait, lambda _: ended[0].set())
    executor.submit(gates[1].wait, lambda _: ended[1].set())
    gates[1].set()  # the second may go on, and waits for the first
    assert executor.state == ExecutorState(free=0, total=1, shared=False, spare=0)
    gates[0].set()
    await asyncio.gather(*(end.wait() for end in ended))
    executor.close()


async def test_more_jobs_than_places_are_a_mistake_of_the_plan() -> None:
    gate, finished = threading.Event(), asyncio.Event()
    executor = Executor(1, shared=True, clock=lambda: 0.0)
    executor.submit(gate.wait, lambda _: finished.set())
    with pytest.raises(AssertionError, match="more batches than there are places"):
        executor.submit(gate.wait, lambda _: None)
    gate.set()
    await finished.wait()
    executor.close()


async def test_a_quick_job_runs_in_the_thread_that_brings_it() -> None:
    executor = Executor(1, shared=False, clock=lambda: 0.0)
    assert executor.run_here(threading.get_ident).result() == threading.get_ident()
    assert executor.state.free == 1
    with pytest.raises(ZeroDivisionError):
        executor.run_here(lambda: 1 // 0).result()
    executor.close()


async def test_a_short_job_runs_beside_a_long_one() -> None:
    executor = Executor(1, shared=False, clock=lambda: 0.0)
    gate, ended = threading.Event(), [asyncio.Event(), asyncio.Event()]
    executor.submit(gate.wait, lambda _: ended[0].set(), long=True)
    assert executor.state == ExecutorState(free=1, total=1, shared=False, spare=1, long=1)
    executor.submit(lambda: None, lambda _: ended[1].set())
    assert executor.state == ExecutorState(free=0, total=1, shared=False, spare=1, long=1)
    await ended[1].wait()
    gate.set()
    await ended[0].wait()
    assert executor.state == ExecutorState(free=1, total=1, shared=False, spare=1)
    executor.close()


async def test_threads_that_share_a_device_yield_to_nobody() -> None:
    executor = Executor(2, shared=True, clock=lambda: 0.0)
    gate, ended = threading.Event(), asyncio.Event()
    executor.submit(gate.wait, lambda _: ended.set(), long=True)
    assert executor.state == ExecutorState(free=1, total=2, shared=True)
    gate.set()
    await ended.wait()
    executor.close()
