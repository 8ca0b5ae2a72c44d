"""Requests to one scheduler that wait for their answers."""

import asyncio
import contextlib
import logging
from itertools import count
from typing import NamedTuple

import msgspec

from argusd.ingest.errors import ChannelClosed
from argusd.ingest.ipc.channel import Channel
from argusd.scheduler.contract.errors import (
    DeadlineExceeded,
    ServiceError,
    WorkerGone,
    error_of,
)
from argusd.scheduler.contract.logs.trace_context import TRACEPARENT
from argusd.scheduler.contract.messages import (
    FromScheduler,
    TaskCancelled,
    TaskDone,
    TaskFailed,
    TaskRequest,
)

log = logging.getLogger(__name__)

GRACE_S = 2.0  # the scheduler itself answers at the deadline; later than this it hangs

Answer = TaskDone | TaskFailed


class WorkerSilent(DeadlineExceeded):
    """The worker said nothing, not even at the deadline."""


class TaskCall(NamedTuple):
    """A request that was sent on this channel and waits for its answer."""

    channel: Channel[FromScheduler]
    answer: asyncio.Future[Answer]


class TaskCalls:
    """Of one scheduler, which turns away at once what is more than it takes."""

    def __init__(self) -> None:
        self._channel: Channel[FromScheduler] | None = None
        self._numbers = count(1)
        self._waiting: dict[int, TaskCall] = {}

    @property
    def open(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def connected(self, channel: Channel[FromScheduler]) -> None:
        """Requests go out on this connection from now on."""
        self._channel = channel

    def left(self) -> None:
        """No further request goes out on the connection; answers still come."""
        self._channel = None

    def lost(self, channel: Channel[FromScheduler], why: ServiceError) -> None:
        """The connection is over, and with it every request on it."""
        if self._channel is channel:
            self._channel = None
        for call in self._waiting.values():
            if call.channel is channel and not call.answer.done():
                call.answer.set_exception(why)

    def answered(self, answer: Answer) -> None:
        """An answer came; that of a request nobody waits for any more is dropped."""
        call = self._waiting.get(answer.request)
        if call is not None and not call.answer.done():
            call.answer.set_result(answer)

    async def call(
        self, session_id: str, task_type: str, payload: msgspec.Struct, timeout_s: float
    ) -> TaskDone:
        """Have a task done.

        Raises:
            WorkerGone: there is no connection, or it ended meanwhile.
            WorkerSilent: the worker did not even answer that it is too late.
            ServiceError: there is no result, for the worker's reason.
        """
        if (channel := self._channel) is None:
            raise WorkerGone("The worker is not there; it is started again, so try again.")
        number = next(self._numbers)
        call = self._waiting[number] = TaskCall(channel, asyncio.get_running_loop().create_future())
        body, trace = msgspec.msgpack.encode(payload), TRACEPARENT.get()
        try:
            async with asyncio.timeout(timeout_s + GRACE_S):
                await _send(channel, TaskRequest(number, session_id, task_type, body, timeout_s, trace))
                answer: Answer = await call.answer
        except TimeoutError:
            raise WorkerSilent("The worker did not answer in time.") from None
        finally:
            del self._waiting[number]
            if not call.answer.done() or call.answer.cancelled():
                with contextlib.suppress(ChannelClosed):
                    channel.send(TaskCancelled(number))
            elif call.answer.exception():  # taken note of, also where sending had failed before
                log.debug("task %d is lost with its worker", number)
        if isinstance(answer, TaskFailed):
            raise error_of(answer.code, answer.sentence)
        return answer


async def _send(channel: Channel[FromScheduler], request: TaskRequest) -> None:
    while not channel.has_room.is_set():
        await channel.has_room.wait()
    try:
        channel.send(request)
    except ChannelClosed:
        raise WorkerGone("The worker went away; try again.") from None
