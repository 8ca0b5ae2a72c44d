"""One-shot tasks at work: started, held to their deadline, answered once."""

import asyncio
import logging
import sys
import time
from collections.abc import Callable, Hashable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from ..contract.catalog import TASKS
from ..contract.errors import (
    DeadlineExceeded,
    InvalidField,
    Overloaded,
    ServiceError,
    UnknownTask,
)
from ..contract.logs.about import SESSION
from ..contract.logs.tracebacks import log_fault
from ..contract.messages import TaskDone, TaskFailed, TaskRequest
from ..engines.failures import failure
from ..errors import EXIT_DEVICE_LOST, DeviceLost, OutOfMemory
from ..tasks.functions import Short, TaskFunction
from ..tracing.traces import NO_TRACES, Span, Traces
from .at_once import AtOnceRunner
from .pending import PendingItems
from .task_runner import TaskRunner
from .task_threads import TaskThreads

log = logging.getLogger(__name__)

NONE: Mapping[str, Any] = MappingProxyType({})
Reply = Callable[[TaskDone | TaskFailed], None]


class TaskPool:
    """At most ``limit`` tasks at a time; what comes beyond is turned away at once.

    ``functions``: task type to what this process does for it. ``threads``: decode pictures and sounds.
    ``short``: task type to whether what is asked for is to be done at once; it is loaded by that name.
    ``abort`` ends the process with this exit code.
    """

    def __init__(
        self,
        pending: PendingItems,
        functions: Mapping[str, TaskFunction[Any, Any]],
        *,
        limit: int,
        threads: int,
        short: Mapping[str, Short] = NONE,
        abort: Callable[[int], None] = sys.exit,
        traces: Traces = NO_TRACES,
    ) -> None:
        self._traces = traces
        self._pending = pending
        self._functions = functions
        self._short = short
        self._limit = limit
        self._abort = abort
        self.threads = TaskThreads(threads, time.monotonic)
        self._running: dict[tuple[Hashable, int], asyncio.Task[None]] = {}

    def start(self, owner: Hashable, request: TaskRequest, reply: Reply) -> None:
        """Begin; ``reply`` is called exactly once, unless the task is cancelled. ``owner``: who asks."""
        if len(self._running) >= self._limit:
            full = Overloaded("As many tasks are at work as may be; try again in a moment.")
            reply(_failed(request, full))
            return
        key = owner, request.request
        task = asyncio.create_task(self._run(request, reply), name=request.task_type)
        self._running[key] = task
        task.add_done_callback(lambda _: self._running.pop(key))

    def cancel(self, owner: Hashable, number: int) -> None:
        """Nobody waits for this request any more."""
        if task := self._running.get((owner, number)):
            task.cancel()

    def forget(self, owner: Hashable) -> None:
        """Whoever asked is gone."""
        for known, number in list(self._running):
            if known == owner:
                self.cancel(owner, number)

    async def finished(self) -> None:
        """Return when nothing is at work."""
        while self._running:
            await asyncio.wait(self._running.values())

    async def close(self) -> None:
        """End what is at work."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.threads.close()

    async def _run(self, request: TaskRequest, reply: Reply) -> None:
        SESSION.set(request.session_id)  # in this task's own context
        with self._traces.span("task", request.traceparent) as span:
            span.tell(argusd__task_type=request.task_type)
            await self._answer(request, reply, span)

    async def _answer(self, request: TaskRequest, reply: Reply, span: Span) -> None:
        share = self._pending.begin()
        try:
            answer: TaskDone | TaskFailed = await self._done(request, share)
        except ServiceError as error:
            answer = _failed(request, error)
            span.tell(error__type=error.code)
        except Exception as error:  # the top of a task: it is lost, the others go on
            log_fault(log, f"a task {request.task_type} failed", error)
            answer = _failed(request, self.told(error))
            span.fail()
        finally:
            self._pending.end(share)
        reply(answer)

    def told(self, error: Exception) -> ServiceError:
        """What a task's caller hears of an error that nobody expected; a lost device ends the process."""
        # A model that its own library runs raises what that library does.
        failed = failure(str(error)) if isinstance(error, RuntimeError) else error
        if isinstance(failed, DeviceLost):
            self._abort(EXIT_DEVICE_LOST)
        if isinstance(failed, OutOfMemory):
            return Overloaded("The device has no memory for the task now; try again later.")
        return ServiceError("Something went wrong inside the daemon.")

    async def _done(self, request: TaskRequest, share: int) -> TaskDone:
        function = self._functions.get(request.task_type)
        if function is None:
            raise UnknownTask(f"This scheduler runs no task {request.task_type}.")
        try:
            payload = msgspec.msgpack.decode(request.payload, type=TASKS[request.task_type].payload)
        except msgspec.ValidationError as error:
            raise InvalidField("The payload does not fit the task.") from error
        started = time.monotonic()
        short = self._short.get(request.task_type)
        at_once = short is not None and short(payload)
        kind = AtOnceRunner if at_once else TaskRunner
        runner = kind(self._pending, self.threads, share, started + request.timeout_s)
        try:
            async with asyncio.timeout(request.timeout_s):
                reply = await runner.perform(request.task_type, function, payload)
        except TimeoutError:
            raise DeadlineExceeded(f"The task was not done in {request.timeout_s:g} s.") from None
        result = msgspec.to_builtins(reply, builtin_types=(bytes,))
        return TaskDone(request.request, result, runner.models, time.monotonic() - started)


def _failed(request: TaskRequest, error: ServiceError) -> TaskFailed:
    return TaskFailed(request.request, error.code, str(error))
