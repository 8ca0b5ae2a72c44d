"""The scheduler's process: loads models, listens to the api, attaches to the arenas, and serves."""

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NoReturn

import cv2

from argusd.ingest.ipc.channel import Channel, Listener

from ..allowed_cores import whole_cores
from ..analyzers.catalog import ANALYZERS
from ..config import SchedulerConfig
from ..contract.catalog import TASKS
from ..contract.media_key import MediaKey
from ..contract.messages import (
    FindingsAck,
    Left,
    PoliciesListed,
    PolicyApplied,
    RoleStatus,
    SessionEnded,
    SessionPolicy,
    TaskCancelled,
    TaskRequest,
)
from ..engines.arena import share_heap
from ..engines.limits import IN_FLIGHT
from ..engines.targets import resolve
from ..errors import EXIT_DEVICE_LOST, EXIT_HUNG
from ..loaded.roles import batched, fill_roles, library_models, missing
from ..loaded.staging import Stager, stager_for
from ..media.arena_sources import ArenaSource, writers
from ..niceness import SLOW_TASKS, yield_cores
from ..report.delivery import Delivery, Incoming
from ..tasks.catalog import functions_of, short_of
from ..tracing.traces import traces_of
from .at_once import loaded_task
from .checks import Checks
from .cores import Cores
from .executor import Executor
from .loop import Scheduler
from .report import Report
from .task_pool import TaskPool

log = logging.getLogger(__name__)

REPORT_INTERVAL_S = 1.0
# The loop asks for the interpreter when it wakes up; threads that compute give it up after so long at most.
SWITCH_S = 0.0005


async def run_scheduler(
    config: SchedulerConfig,
    stop: asyncio.Event,
    on_ready: Callable[[], None],
    on_pass: Callable[[], None] = lambda: None,
) -> None:
    """Serve until ``stop`` is set. ``on_ready`` is called once every role that has weights has run.

    ``on_pass`` is called after every pass of the loop.

    Raises:
        DeviceUnavailable: the configured device is not there.
        TracesUnavailable: traces are wanted, and what makes them is not installed.
    """
    if config.tier == "bulk":
        yield_cores(SLOW_TASKS)
    sys.setswitchinterval(SWITCH_S)
    cv2.setNumThreads(1)  # the executor has the threads; OpenCV's own cost 40 % more CPU for the same crops
    share_heap()
    target = resolve(config.engine, config.own_device, config.index)
    traces = traces_of(config.name, config.traces_url, config.traces_share)
    device, stager = target.device, stager_for(target)
    try:
        roles = await asyncio.to_thread(fill_roles, config, target, stager)
    except asyncio.CancelledError:
        end_process(0)  # a model that is being loaded can be neither interrupted nor joined
    cores = own_cores(config)
    executor = Executor(
        config.threads or (cores if device == "cpu" else IN_FLIGHT),
        shared=device != "cpu",
        clock=time.monotonic,
    )
    delivery = Delivery(secrets.token_hex(8), config.findings_kept, time.monotonic)
    short = short_of(config.tier) if device == "cpu" else {}
    loaded = batched(roles)
    scheduler = Scheduler(
        [*loaded, *((name, loaded_task(TASKS[name], dict(loaded))) for name in short)],
        ANALYZERS,
        delivery,
        executor,
        missing=missing(roles),
        library=library_models(roles),
        max_age_s=config.max_age_s,
        promised_age_s=config.promised_age_s,
        abort=end_process,
        traces=traces,
    )
    tasks = TaskPool(
        scheduler.pending,
        functions_of(config.tier),
        limit=config.max_tasks,
        threads=cores,
        short=short,
        abort=end_process,
        traces=traces,
    )
    service = Service(config, device, [role.status for role in roles], scheduler, delivery, tasks, stager)
    try:
        await service.run(stop, on_ready, on_pass)
    finally:
        await asyncio.to_thread(traces.close)


def own_cores(config: SchedulerConfig) -> int:
    """How many cores this scheduler keeps busy, of those that the process may use."""
    return share_of(config, whole_cores())


def share_of(config: SchedulerConfig, cores: int) -> int:
    """How many of these cores a scheduler keeps busy: the live ones share them, the bulk one yields them."""
    return max(1, cores // config.live) if config.tier == "live" else cores


def end_process(code: int) -> NoReturn:
    """End at once: a thread inside a stuck library call can be neither interrupted nor joined."""
    why = {EXIT_HUNG: ": a model or library hangs", EXIT_DEVICE_LOST: ": the device is lost to this process"}
    level = logging.CRITICAL if code else logging.INFO
    log.log(level, "the scheduler ends with exit code %d%s", code, why.get(code, ""))
    logging.shutdown()
    os._exit(code)


class Service:
    """Joins the api's connections, the arenas and the loop."""

    def __init__(
        self,
        config: SchedulerConfig,
        device: str,
        roles: Sequence[RoleStatus],
        scheduler: Scheduler,
        delivery: Delivery,
        tasks: TaskPool,
        stager: Stager | None = None,
    ) -> None:
        self._config = config
        self._tasks = tasks
        self._scheduler = scheduler
        self._delivery = delivery
        self._ended = asyncio.Event()
        self._stopped = False
        self._checks = Checks(scheduler, tasks, time.monotonic)
        self._cores = Cores(own_cores(config), self._writers) if device == "cpu" else None
        self._report = Report(
            delivery.boot, device, list(roles), scheduler, config.promised_age_s, self._cores
        )
        # Streams are the live tier's alone.
        watched = writers(config.runtime_dir, config.ingest_workers) if config.tier == "live" else []
        for path in watched:
            source = ArenaSource(path, config.name, scheduler.sessions, scheduler.awake, stager)
            scheduler.sources.append(source)

    def _writers(self) -> list[int]:
        """The processes that receive media."""
        return [source.writer for source in self._scheduler.sources if source.writer is not None]

    async def run(
        self,
        stop: asyncio.Event,
        on_ready: Callable[[], None],
        on_pass: Callable[[], None] = lambda: None,
    ) -> None:
        """Serve until ``stop`` is set, or until a part of it fails.

        When it stops, what is watched ends at once and tasks at work go on; the api turns to the next life of
        this scheduler as soon as it hears so, and takes the last answers from this one.
        """
        listener = Listener(self._config.socket_path, self._accept)
        tasks = [
            asyncio.create_task(coroutine)
            for coroutine in (
                stop.wait(),
                self._scheduler.run(on_pass),
                self._tell_every_second(),
                *(source.run() for source in self._scheduler.sources),
            )
        ]
        on_ready()
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            listener.close()
            self._stop()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._config.shutdown_s):
                    await self._delivery.all_left()  # what was sent before that is on its way
                    await self._tasks.finished()
                    await self._delivery.arrived()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            listener.close()
            await self._tasks.close()
            self._delivery.close()
            self._scheduler.executor.close()
        if self._tasks.threads.busy:  # what it works for has been answered, or given up
            log.info("a library is still at work for a task that is over; not waiting for it")
            self._scheduler.abort(0)

    def _stop(self) -> None:
        """Tell the end of all that is watched, and watch nothing more."""
        self._stopped = True
        self._end(self._scheduler.sessions.policies)
        self._delivery.stopped()

    def _accept(self, sock: socket.socket) -> None:
        """The api connected: it sends the policies of all its sessions. Those it has no more end."""
        unconfirmed = set(self._scheduler.sessions.policies)

        def received(message: Incoming) -> None:
            if isinstance(message, SessionPolicy):
                unconfirmed.discard(message.media)
            if isinstance(message, PoliciesListed):
                self._end(unconfirmed)
            else:
                self._received(message, channel)

        channel = self._delivery.connect(sock, received, self._report.stats())
        channel.closed.add_done_callback(lambda _: self._tasks.forget(channel))

    def _end(self, all_media: Iterable[MediaKey]) -> None:
        for media in all_media:
            self._scheduler.sessions.end(media)
            self._ended.set()

    def _received(self, message: Incoming, channel: Channel[Incoming]) -> None:
        if isinstance(message, TaskRequest):
            self._tasks.start(channel, message, partial(self._delivery.reply, channel))
        elif isinstance(message, TaskCancelled):
            self._tasks.cancel(channel, message.request)
        elif isinstance(message, FindingsAck):
            self._delivery.acknowledged(message)
        elif isinstance(message, Left):
            self._delivery.left(channel)
        elif self._stopped:
            return  # sessions are another one's by now
        elif isinstance(message, SessionPolicy):
            self._scheduler.sessions.set_policy(message)
            self._delivery.reply(channel, PolicyApplied(message.media, message.version))
            self._scheduler.awake()
        elif isinstance(message, SessionEnded):
            self._end([message.media])
            self._delivery.over(channel, message.request)
            self._scheduler.awake()

    async def _tell_every_second(self) -> None:
        """And as soon as a session ended: the next one is let in or turned away by what it left."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REPORT_INTERVAL_S):
                    await self._ended.wait()
            self._ended.clear()
            self._checks.look()
            if self._cores:
                self._cores.look(max(self._scheduler.sessions.active.values(), default=0))
            for _, loaded in self._scheduler.loaded:
                loaded.learn(time.monotonic())
            self._delivery.broadcast(self._report.stats())
            if self._scheduler.executor.longest() > self._config.hang_s:
                log.critical("a batch did not come back within %.0f s", self._config.hang_s)
                self._scheduler.abort(EXIT_HUNG)
            if self._tasks.threads.overdue() > self._config.hang_s:
                log.critical("a task's work went on for %.0f s after its deadline", self._config.hang_s)
                self._scheduler.abort(EXIT_HUNG)
