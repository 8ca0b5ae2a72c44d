"""A scheduler that stands by, with real workers that have no models."""

import asyncio
import os
import socket
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from argusd.daemon.errors import WorkerEnded
from argusd.daemon.supervision import standby
from argusd.daemon.supervision.child import ChildSpec
from argusd.daemon.supervision.folders import folder_of_this_life
from argusd.daemon.supervision.standby import run_standby
from argusd.ingest.ipc.channel import Channel
from argusd.scheduler.config import SchedulerConfig
from argusd.scheduler.contract.messages import (
    FromScheduler,
    Left,
    SchedulerStats,
    Stopped,
    TaskCancelled,
    TaskDone,
    TaskFailed,
    TaskRequest,
)

from ...waiting import LONGEST_S, until

WORKER = Path(__file__).with_name("worker.py")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standby, "LOOK_EVERY_S", 0.01)


class Api:
    """The api's end: keeps what it hears, and leaves when it is told to."""

    def __init__(self, path: Path) -> None:
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(str(path))
        self.told: list[SchedulerStats] = []
        self.answers: dict[int, TaskDone | TaskFailed] = {}
        self.channel = Channel[Any](sock, FromScheduler, self._hear)

    def _hear(self, message: Any) -> None:
        if isinstance(message, SchedulerStats):
            self.told.append(message)
        elif isinstance(message, Stopped):
            self.channel.send(Left())
        else:
            self.answers[message.request] = message

    def ask(self, number: int, task_type: str = "echo", timeout_s: float = 60.0) -> None:
        self.channel.send(TaskRequest(number, "s", task_type, b"", timeout_s))

    async def answer(self, number: int) -> TaskDone | TaskFailed:
        await until(lambda: number in self.answers)
        return self.answers.pop(number)

    async def worker(self, number: int) -> int:
        """The process that answers this request."""
        self.ask(number)
        answer = await self.answer(number)
        assert isinstance(answer, TaskDone)
        return int(answer.result["pid"])


@asynccontextmanager
async def standing_by(
    folder: Path, program: Path = WORKER, **settings: Any
) -> AsyncIterator[tuple[Api, "asyncio.Task[None]"]]:
    """One that has tried its models, with an api, and its work; it is stopped at the end."""
    settings = {"idle_s": 0.05, **settings}
    config = SchedulerConfig(runtime_dir=folder, state_dir=folder, cache_dir=folder, tier="bulk", **settings)
    stop, ready = asyncio.Event(), asyncio.Event()

    def worker_in(sockets: Path) -> ChildSpec:
        return ChildSpec("worker", [sys.executable, str(program), str(sockets)], dict(os.environ), 10.0)

    work = asyncio.create_task(run_standby(config, worker_in, stop, ready.set, lambda: None))
    await until(lambda: ready.is_set() or work.done())
    try:
        yield Api(config.socket_path), work
    finally:
        stop.set()
        await asyncio.wait([work])
    assert os.listdir(folder) == []


def there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def test_what_a_killed_one_left_is_removed_though_its_number_is_anothers_by_now(tmp_path: Path) -> None:
    (tmp_path / f"b{os.getppid()}").mkdir()
    (tmp_path / f"b{os.getpid()}").mkdir()
    async with standing_by(tmp_path):
        assert sorted(os.listdir(tmp_path)) == [f"b{os.getpid()}", "scheduler-bulk.sock"]


async def test_the_folder_of_one_that_lives_is_left_alone(tmp_path: Path) -> None:
    living = tmp_path / "b1"
    living.mkdir()
    holds = ["flock", str(living), "sh", "-c", "echo held; read wait"]
    holder = await asyncio.create_subprocess_exec(*holds, stdin=PIPE, stdout=PIPE)
    assert holder.stdout is not None
    await holder.stdout.readline()
    with folder_of_this_life(tmp_path, "b"):
        assert living.exists()
    await holder.communicate(b"")
    with folder_of_this_life(tmp_path, "b"):
        assert not living.exists()


async def test_its_roles_are_told_although_no_worker_is_there(tmp_path: Path) -> None:
    async with standing_by(tmp_path) as (api, _):
        await until(lambda: len(api.told) > 2)
        first = int(api.told[0].boot)
        assert [role.role for role in api.told[-1].roles] == ["ocr"]
        await until(lambda: not there(first))  # it has tried them, and no task came


async def test_who_only_tried_the_models_does_not_stay_for_tasks(tmp_path: Path) -> None:
    async with standing_by(tmp_path, idle_s=3600.0) as (api, _):
        await until(lambda: bool(api.told) and not there(int(api.told[0].boot)))
        worker = await api.worker(1)
        assert await api.worker(2) == worker


async def test_a_task_is_done_by_a_new_worker_which_stays_for_the_next_one(tmp_path: Path) -> None:
    async with standing_by(tmp_path) as (api, _):
        await until(lambda: bool(api.told) and not there(int(api.told[0].boot)))
        api.ask(1, "hold")  # so that it is not let go between the others
        worker = await api.worker(3)
        assert await api.worker(2) == worker
        await until(lambda: api.told[-1].boot == str(worker))


async def test_a_worker_ends_when_no_task_came_for_a_while(tmp_path: Path) -> None:
    async with standing_by(tmp_path) as (api, _):
        first = await api.worker(1)
        await until(lambda: not there(first))
        assert await api.worker(2) != first


async def test_the_time_until_a_worker_is_ready_is_part_of_the_callers(tmp_path: Path) -> None:
    async with standing_by(tmp_path) as (api, _):
        await until(lambda: bool(api.told) and not there(int(api.told[0].boot)))
        api.ask(1, timeout_s=60.0)
        answer = await api.answer(1)
        assert isinstance(answer, TaskDone)
        assert 0 < answer.result["timeout_s"] < 59.99


async def test_a_task_that_no_worker_was_ready_for_in_time_is_told_so(tmp_path: Path) -> None:
    async with standing_by(tmp_path) as (api, _):
        await until(lambda: bool(api.told) and not there(int(api.told[0].boot)))
        api.ask(1, timeout_s=0.001)
        answer = await api.answer(1)
        assert isinstance(answer, TaskFailed)
        assert answer.code == "deadline_exceeded"


async def test_more_tasks_than_may_be_are_turned_away(tmp_path: Path) -> None:
    async with standing_by(tmp_path, max_tasks=2) as (api, _):
        for number in (1, 2, 3):
            api.ask(number, "hold")
        answer = await api.answer(3)
        assert isinstance(answer, TaskFailed)
        assert answer.code == "overloaded"
        for number in (1, 2):
            api.channel.send(TaskCancelled(number))
        await api.worker(4)


async def test_a_worker_that_dies_ends_the_standby_with_its_status(tmp_path: Path) -> None:
    async with standing_by(tmp_path) as (api, work):
        api.ask(1, "die")
        with pytest.raises(WorkerEnded) as caught:
            await work
        assert caught.value.exit_code == 75
        await api.channel.closed


async def test_a_worker_that_hears_nothing_more_ends_the_standby_as_well(tmp_path: Path) -> None:
    async with standing_by(tmp_path) as (api, work):
        api.ask(1, "hang up")
        with pytest.raises(WorkerEnded):
            await asyncio.wait_for(work, LONGEST_S)
        await api.channel.closed


async def test_a_stop_waits_for_tasks_that_have_come(tmp_path: Path) -> None:
    async with standing_by(tmp_path) as (api, _):
        await until(lambda: bool(api.told) and not there(int(api.told[0].boot)))
        api.ask(1)
        await asyncio.sleep(0)
    assert isinstance(await api.answer(1), TaskDone)


async def test_models_are_tried_again_when_no_worker_was_needed_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standby, "CHECK_EVERY_S", 0.1)
    async with standing_by(tmp_path) as (api, _):
        await until(lambda: len({told.boot for told in api.told}) > 2)
