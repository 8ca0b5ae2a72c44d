"""A scheduler that knows tasks only, and answers them as a test says."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

from argusd.ingest.ipc.channel import Channel, Listener
from argusd.scheduler.contract.messages import (
    TaskCancelled,
    TaskDone,
    TaskFailed,
    TaskRequest,
    ToScheduler,
)

from ..waiting import until
from .fakes import scheduler_stats

Answer = Callable[[TaskRequest], TaskDone | TaskFailed | None]


def done(request: TaskRequest) -> TaskDone:
    """Every task succeeds and says what it was."""
    return TaskDone(request.request, {"did": request.task_type}, {"face_embedder": "fake"}, 0.001)


class FakeTaskScheduler:
    """Answers with ``answer``; None keeps the caller waiting."""

    def __init__(self, folder: Path, name: str, answer: Answer = done) -> None:
        self.answer = answer
        self.asked: list[TaskRequest] = []
        self.cancelled: list[int] = []
        self.heard = asyncio.Event()
        self._dead = False
        self._channels: list[Channel[ToScheduler]] = []
        self._listener = Listener(folder / f"{name}.sock", self._accept)

    def _accept(self, sock: socket.socket) -> None:
        channel = Channel[ToScheduler](sock, ToScheduler, self._received)
        self._channels.append(channel)
        channel.send(scheduler_stats("boot-1"))

    def _received(self, message: ToScheduler) -> None:
        if isinstance(message, TaskRequest):
            self.asked.append(message)
            answer = self.answer(message)
            if answer is not None:
                self._channels[-1].send(answer)
        elif isinstance(message, TaskCancelled):
            self.cancelled.append(message.request)
        self.heard.set()

    def reply(self, answer: TaskDone | TaskFailed) -> None:
        """Answer one that was kept waiting."""
        self._channels[-1].send(answer)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return once ``condition()`` holds; it is looked at after every message heard."""
        await until(condition, self.heard)

    def disconnect(self) -> None:
        for channel in self._channels:
            channel.close()

    def die(self) -> None:
        if not self._dead:
            self._dead = True
            self._listener.close()
            self.disconnect()
