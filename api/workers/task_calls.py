"""Requests to one scheduler that wait for their answers."""

import asyncio
import contextlib
import logging
from itertools import count

import msgspec

from argusd.ingest.errors import ChannelClosed
from argusd.ingest.ipc.channel import Channel
from argusd.scheduler.contract.errors import DeadlineExceeded, WorkerGone, error_of
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


class TaskCalls:
    """Of one connection's far end, which turns away at once what is more than it takes."""

    def __init__(self) -> None:
        self._channel: Channel[FromScheduler] | None = None
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[Answer]] = {}

    @property
    def open(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def connected(self, channel: Channel[FromScheduler]) -> None:
        """Requests go out on this connection from now on."""
        self._channel = channel

    def lost(self) -> None:
        """The connection is over, and with it every request on it."""
        self._channel = None
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(WorkerGone("The worker went away while it was at work; try again."))

    def answered(self, answer: Answer) -> None:
        """An answer came; that of a request nobody waits for any more is dropped."""
        future = self._waiting.get(answer.request)
        if future is not None and not future.done():
            future.set_result(answer)

    async def call(
        self, session_id: str, task_type: str, payload: msgspec.Struct, timeout_s: float
    ) -> TaskDone:
        """Have a task done.

        Raises:
            WorkerGone: there is no connection, or it ended meanwhile.
            WorkerSilent: the worker did not even answer that it is too late.
            ServiceError: there is no result, for the worker's reason.
        """
        number = next(self._numbers)
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        body = msgspec.msgpack.encode(payload)
        try:
            async with asyncio.timeout(timeout_s + GRACE_S):
                await self._send(TaskRequest(number, session_id, task_type, body, timeout_s))
                answer: Answer = await future
        except TimeoutError:
            raise WorkerSilent("The worker did not answer in time.") from None
        finally:
            del self._waiting[number]
            if not future.done() or future.cancelled():
                self._withdraw(number)
            elif future.exception():  # taken note of, also where sending had failed before
                log.debug("task %d is lost with its worker", number)
        if isinstance(answer, TaskFailed):
            raise error_of(answer.code, answer.sentence)
        return answer

    async def _send(self, request: TaskRequest) -> None:
        while self._channel is not None and not self._channel.has_room.is_set():
            await self._channel.has_room.wait()
        if self._channel is None:
            raise WorkerGone("The worker is not there; it is started again, so try again.")
        try:
            self._channel.send(request)
        except ChannelClosed:
            raise WorkerGone("The worker went away; try again.") from None

    def _withdraw(self, number: int) -> None:
        if self._channel is None:
            return
        with contextlib.suppress(ChannelClosed):
            self._channel.send(TaskCancelled(number))
