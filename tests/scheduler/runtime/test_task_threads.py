"""Threads whose jobs are watched."""

import asyncio
import threading

import pytest

from argusd.scheduler.runtime.task_threads import TaskThreads

from ...waiting import LONGEST_S


async def test_a_job_gives_its_result_or_its_error() -> None:
    threads = TaskThreads(2, lambda: 0.0)
    assert await threads.run(lambda: 6 * 7, 1.0) == 42
    with pytest.raises(ZeroDivisionError):
        await threads.run(lambda: 1 // 0, 1.0)
    threads.close()


async def test_a_job_that_outlives_its_deadline_is_overdue_until_it_ends() -> None:
    now, begun, end = 100.0, threading.Event(), threading.Event()
    threads = TaskThreads(1, lambda: now)

    def stuck() -> None:
        begun.set()
        end.wait(LONGEST_S)

    job = asyncio.create_task(threads.run(stuck, 105.0))
    await asyncio.to_thread(begun.wait, 10)
    assert threads.overdue() == 0
    now = 125.0
    assert threads.overdue() == 20
    end.set()
    await job
    assert threads.overdue() == 0
    threads.close()


async def test_jobs_that_wait_for_each_other_are_not_overdue_while_they_end_one_by_one() -> None:
    now, begun, end = 100.0, threading.Event(), threading.Event()
    threads = TaskThreads(2, lambda: now)

    def slow() -> None:
        begun.set()
        end.wait(LONGEST_S)

    job = asyncio.create_task(threads.run(slow, 105.0))
    await asyncio.to_thread(begun.wait, 10)
    now = 125.0
    await threads.run(lambda: None, 200.0)
    assert threads.overdue() == 0
    now = 130.0
    assert threads.overdue() == 5
    end.set()
    await job
    threads.close()


async def test_a_job_whose_task_has_ended_is_not_begun() -> None:
    begun, end, ran = threading.Event(), threading.Event(), threading.Event()
    threads = TaskThreads(1, lambda: 0.0)

    def first() -> None:
        begun.set()
        end.wait(LONGEST_S)

    busy = asyncio.create_task(threads.run(first, 1.0))
    await asyncio.to_thread(begun.wait, 10)
    waiting = asyncio.create_task(threads.run(ran.set, 1.0))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    end.set()
    await busy
    await threads.run(lambda: None, 1.0)
    assert not ran.is_set()
    threads.close()
