"""A scheduler that stands by: its socket is there at all times, its models are while they are used.

What loads models is a process of its own, the worker. It is started for a task and ends when none came
for a while; all that libraries took goes with it. Between the api and it all passes through here::

    api ── TaskRequest ──▶ standby ── the same under our number, once it is ready ──▶ worker
        ◀── TaskDone ─────         ◀──────────────────────────────────────────────────
        ◀── SchedulerStats, every second: the newest that a worker told

At the start a worker is there to see whether every role's model runs, and so is one when none was needed for
long: what is told of roles is no older than that. Unless a task came it ends as soon as it has told.
A worker that ends unasked ends this process with its own status, and whoever started it starts it again.
"""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import msgspec

from argusd.ingest.errors import ChannelClosed
from argusd.ingest.ipc.channel import Channel, Listener
from argusd.scheduler.config import SchedulerConfig
from argusd.scheduler.contract.errors import DeadlineExceeded, Overloaded, ServiceError
from argusd.scheduler.contract.messages import (
    FromScheduler,
    Left,
    SchedulerStats,
    Stopped,
    TaskCancelled,
    TaskDone,
    TaskFailed,
    TaskRequest,
    ToScheduler,
)

from ..errors import WorkerEnded
from .child import Child, ChildSpec
from .folders import folder_of_this_life

log = logging.getLogger(__name__)

FOLDER = "b"  # and a number: short, as sockets' paths have to be
LOOK_EVERY_S = 1.0
CHECK_EVERY_S = 3600.0  # each takes some seconds of a core

Api = Channel[ToScheduler]
Worker = Channel[FromScheduler]


class Call(msgspec.Struct):
    """A task that is not answered yet. ``deadline``: monotonic seconds; ``sent``: whether a worker has it."""

    api: Api
    request: TaskRequest
    deadline: float
    sent: bool = False


async def run_standby(
    config: SchedulerConfig,
    worker_in: Callable[[Path], ChildSpec],
    stop: asyncio.Event,
    on_ready: Callable[[], None],
    on_pass: Callable[[], None],
) -> None:
    """Serve until ``stop`` is set. ``on_ready`` is called once a worker has tried every model.

    ``worker_in``: what to start, with the folder for its socket. ``on_pass`` is called every second.

    Raises:
        WorkerEnded: one did so unasked.
    """
    with folder_of_this_life(config.runtime_dir, FOLDER) as folder:
        await Standby(config, worker_in(folder), folder).run(stop, on_ready, on_pass)


class Standby:
    """The api's connections, the tasks that came over them, and the worker, while there is one."""

    def __init__(self, config: SchedulerConfig, spec: ChildSpec, folder: Path) -> None:
        self._config = config
        self._spec = spec
        self._folder = folder
        self._apis: set[Api] = set()
        self._left: set[Api] = set()
        self._calls: dict[int, Call] = {}  # at most max_tasks; more are turned away
        self._to_send: asyncio.Queue[int] = asyncio.Queue()  # their numbers
        self._numbers = count(1)
        self._came = asyncio.Event()  # a task
        self._changed = asyncio.Event()  # a task or an api is gone
        self._ended = asyncio.Event()
        self._worker: Worker | None = None
        self._told: SchedulerStats | None = None
        self._needed_until = 0.0  # monotonic seconds; tasks need it, a look at the models does not

    async def run(
        self, stop: asyncio.Event, on_ready: Callable[[], None], on_pass: Callable[[], None]
    ) -> None:
        """Serve until ``stop`` is set.

        Raises:
            WorkerEnded: a worker did so unasked.
        """
        lives = asyncio.create_task(self._lives())
        stopped = asyncio.create_task(stop.wait())
        listener: Listener | None = None
        try:
            while not stop.is_set():
                on_pass()
                if self._told is not None:
                    if listener is None:
                        listener = Listener(self._config.socket_path, self._accept)
                        on_ready()
                    self._broadcast(self._told)
                both = (lives, stopped)
                await asyncio.wait(both, timeout=LOOK_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
                if lives.done():
                    lives.result()
            if listener is not None:
                listener.close()
            await self._finish()
        finally:
            self._ended.set()
            self._came.set()
            stopped.cancel()
            await asyncio.gather(lives, stopped, return_exceptions=True)
            if listener is not None:
                listener.close()
            for api in tuple(self._apis):
                api.close()

    async def _finish(self) -> None:
        """Answer what has come, and what comes until the api has heard of the end."""
        if self._told is not None:
            self._broadcast(Stopped(self._told.boot, 0))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._config.shutdown_s):
                while self._calls or self._apis - self._left:
                    self._changed.clear()
                    await self._changed.wait()
                for api in tuple(self._apis):
                    await api.sent.wait()

    async def _lives(self) -> None:
        """One worker after the other: to see whether models run, then whenever tasks come; until we end."""
        ended = asyncio.create_task(self._ended.wait())
        while not ended.done():
            await self._live(ended)
            self._came.clear()
            if not (self._calls or self._ended.is_set()):
                log.info("no task needs the models; they are loaded again when one does")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._came.wait(), CHECK_EVERY_S)

    async def _live(self, ended: "asyncio.Task[bool]") -> None:
        """One worker, from its start to its end."""
        child = Child(self._spec, self._folder)
        life = asyncio.create_task(child.run_once())
        ready = asyncio.create_task(child.ready.wait())
        try:
            await asyncio.wait([life, ready, ended], return_when=asyncio.FIRST_COMPLETED)
            if ready.done() and not life.done():
                await self._serve(life, ended)
                if self._worker is not None and self._worker.closed.done() and not ended.done():
                    await _end_of(child, life)
            if life.done():
                raise WorkerEnded(life.result())
        finally:
            ready.cancel()
            await child.stop()
            await life
            child.close()
            if self._worker is not None:
                self._worker.close()
                self._worker = None

    async def _serve(self, life: "asyncio.Task[int]", ended: "asyncio.Task[bool]") -> None:
        """Pass everything on until the worker is not needed, or ends. Then no number is on its way to it."""
        before = self._told
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.connect(str(self._folder / self._config.socket_path.name))
        except OSError:  # it was ready, and has ended since
            sock.close()
            return
        worker = self._worker = Worker(sock, FromScheduler, self._from_worker)
        sending = asyncio.create_task(self._send(worker))
        over = (life, ended, worker.closed)
        while not any(each.done() for each in over) and (self._told is before or self._needed):
            await asyncio.wait(over, timeout=LOOK_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
        sending.cancel()

    @property
    def _needed(self) -> bool:
        """Whether a worker should be there, once it has told how it is."""
        return bool(self._calls) or time.monotonic() < self._needed_until

    async def _send(self, worker: Worker) -> None:
        """Give the worker the tasks, as fast as it takes them."""
        while True:
            number = await self._to_send.get()
            await worker.has_room.wait()
            if call := self._calls.get(number):
                call.sent = True
                left_s = max(0.001, call.deadline - time.monotonic())
                _tell(worker, msgspec.structs.replace(call.request, request=number, timeout_s=left_s))

    def _from_worker(self, message: FromScheduler) -> None:
        if isinstance(message, TaskDone | TaskFailed):
            self._answer(message.request, message)
        elif isinstance(message, SchedulerStats):
            self._told = message
        elif isinstance(message, Stopped) and self._worker is not None:
            _tell(self._worker, Left())

    def _accept(self, sock: socket.socket) -> None:
        api = Api(sock, ToScheduler, lambda message: self._from_api(api, message))
        self._apis.add(api)
        api.closed.add_done_callback(lambda _: self._gone(api))
        if self._told is not None:
            _tell(api, self._told)

    def _gone(self, api: Api) -> None:
        self._apis.discard(api)
        self._left.discard(api)
        self._changed.set()
        for number in [number for number, call in self._calls.items() if call.api is api]:
            self._cancel(number)

    def _from_api(self, api: Api, message: ToScheduler) -> None:
        """What is not a task's is the live schedulers' business."""
        if isinstance(message, TaskRequest):
            self._take(api, message)
        elif isinstance(message, TaskCancelled):
            asked = (api, message.request)
            for number in [n for n, call in self._calls.items() if (call.api, call.request.request) == asked]:
                self._cancel(number)
        elif isinstance(message, Left):
            self._left.add(api)
            self._changed.set()

    def _take(self, api: Api, request: TaskRequest) -> None:
        if len(self._calls) >= self._config.max_tasks:
            _tell(
                api,
                _failed(request, Overloaded("As many tasks are at work as may be; try again in a moment.")),
            )
            return
        number = next(self._numbers)
        self._calls[number] = Call(api, request, time.monotonic() + request.timeout_s)
        self._to_send.put_nowait(number)
        self._came.set()
        asyncio.get_running_loop().call_later(request.timeout_s, self._expire, number)

    def _expire(self, number: int) -> None:
        """No worker was ready for the task in time; one that has it tells so itself."""
        call = self._calls.get(number)
        if call is not None and not call.sent:
            late = DeadlineExceeded(f"The task was not done in {call.request.timeout_s:g} s.")
            self._answer(number, _failed(call.request, late))

    def _answer(self, number: int, answer: TaskDone | TaskFailed) -> None:
        if call := self._calls.pop(number, None):
            self._changed.set()
            self._needed_until = time.monotonic() + self._config.idle_s
            _tell(call.api, msgspec.structs.replace(answer, request=call.request.request))

    def _cancel(self, number: int) -> None:
        call = self._calls.pop(number)
        self._changed.set()
        self._needed_until = time.monotonic() + self._config.idle_s  # who gave up may try again
        if call.sent and self._worker is not None:
            _tell(self._worker, TaskCancelled(number))

    def _broadcast(self, message: SchedulerStats | Stopped) -> None:
        for api in tuple(self._apis):
            _tell(api, message)


async def _end_of(child: Child, life: "asyncio.Task[int]") -> None:
    """Return when a worker has ended that has no connection any more: as a rule it is about to."""
    await asyncio.wait([life], timeout=LOOK_EVERY_S)
    if not life.done():
        log.error("%s hears nothing more, and is killed", child.name)
        child.kill()
        await asyncio.wait([life])


def _tell(channel: Channel[ToScheduler] | Channel[FromScheduler], message: msgspec.Struct) -> None:
    """Send, unless the connection is over: who is gone waits for nothing."""
    with contextlib.suppress(ChannelClosed):
        channel.send(message)


def _failed(request: TaskRequest, error: ServiceError) -> TaskFailed:
    return TaskFailed(request.request, error.code, str(error))
