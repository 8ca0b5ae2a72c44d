"""The control connection to one scheduler."""

import asyncio
import logging
import socket
import time
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from argusd.ingest.errors import ChannelClosed
from argusd.ingest.ipc.channel import Channel, keep_connected
from argusd.scheduler.contract.errors import Draining, WorkerGone
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import (
    Finding,
    FindingsAck,
    FromScheduler,
    Latest,
    Left,
    PoliciesListed,
    PolicyApplied,
    SchedulerStats,
    SessionEnded,
    SessionOver,
    SessionPolicy,
    Stopped,
    TaskDone,
    TaskFailed,
    ToScheduler,
)

from .scheduler_counters import SchedulerCounters
from .task_calls import TaskCalls

log = logging.getLogger(__name__)

STATS_STALE_S = 5.0
SUCCESSOR_WITHIN_S = 1.0


class SchedulerListener(Protocol):
    """Who takes what a scheduler finds; ``scheduler`` is its name."""

    def booted(self, scheduler: str) -> None:
        """This life of the scheduler is heard of for the first time."""

    def gone(self, scheduler: str) -> None:
        """The connection to it broke off; it did not stop in order."""

    def found(self, scheduler: str, finding: Finding) -> None:
        """A finding, perhaps not for the first time."""

    def latest(self, latest: Latest) -> None:
        """A stream's newest result."""


class SchedulerLink:
    """A scheduler as the api sees it. What cannot be sent now is sent on the next connection; tasks are not.

    A scheduler that stops in order is left for its next life at once, which may be there already; its last
    answers still come on the connection that was left, and acknowledgements still go there.

    ``name`` is that of its socket. ``connections`` counts them. ``boot``: its life that was heard of last.
    ``counters``: what all its lives did. ``watched``: what it is to watch. ``tasks``: what it is asked to do
    once.
    """

    def __init__(self, name: str, runtime_dir: Path) -> None:
        self.name = name
        self.stats: SchedulerStats | None = None
        self.connections = 0
        self.boot: str | None = None
        self.counters = SchedulerCounters()
        self.watched: dict[MediaKey, SessionPolicy] = {}
        self.tasks = TaskCalls()
        self._path = runtime_dir / f"{name}.sock"
        self._channel: Channel[FromScheduler] | None = None
        self._left: dict[str, Channel[FromScheduler]] = {}  # connections to lives that have stopped, by boot
        self._stopped = asyncio.Event()  # the life that was connected last has stopped in order
        self._fresh_until = 0.0  # monotonic seconds
        self.told_at = 0.0  # the same: when the newest figures came
        self._newest = 0  # the highest number of this boot's findings that came
        self._requests = count(1)
        self._applied: dict[MediaKey, int] = {}  # the versions of the policies that are in force
        self._endings: dict[int, tuple[SessionEnded, asyncio.Future[None]]] = {}
        self._early: list[SessionOver | Stopped] = []  # those whose last finding has not come
        self._connected = asyncio.Event()

    @property
    def healthy(self) -> bool:
        """Connected, and heard of within the last seconds."""
        return self.stats is not None and time.monotonic() < self._fresh_until

    @property
    def connected(self) -> bool:
        """Whether messages can be sent now."""
        return self._channel is not None

    @property
    def expected(self) -> bool:
        """Whether it is about to come: for the first time, or again after it stopped in order."""
        return not self.connected and (not self.connections or self._stopped.is_set())

    async def comes(self) -> None:
        """Return once it is connected."""
        await self._connected.wait()

    async def run(self, listener: SchedulerListener) -> None:
        """Stay connected, until cancelled."""

        async def session(sock: socket.socket) -> None:
            await self._session(sock, listener)

        try:
            await keep_connected(self._path, session)
        finally:
            for channel in tuple(self._left.values()):
                channel.close()

    def watch(self, policy: SessionPolicy) -> None:
        """Have a session watched, or watched differently."""
        self.watched[policy.media] = policy
        self._send(policy, self._channel)

    def policy_in_force(self, all_media: Iterable[MediaKey]) -> int | None:
        """The version of the policy that all these are judged by at least; None: not all are watched yet."""
        return min((self._applied.get(media, 0) for media in all_media), default=0) or None

    def unwatch(self, media: MediaKey) -> asyncio.Future[None]:
        """Have media forgotten; the future is done when all that was found of them has been told.

        Their open violations end first. Until it is answered or cancelled, it is asked on every connection.
        """
        self.watched.pop(media, None)
        self._applied.pop(media, None)
        ended = SessionEnded(next(self._requests), media)
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._stopped.is_set():
            over.set_result(None)  # it has ended everything that it watched
            return over
        self._endings[ended.request] = ended, over
        over.add_done_callback(lambda _: self._endings.pop(ended.request))
        self._send(ended, self._channel)
        return over

    def acknowledge(self, boot: str, number: int) -> None:
        """Tell the scheduler what is stored of its findings; nothing to tell about others' entries."""
        channel = self._left.get(boot) or (self._channel if boot == self.boot else None)
        self._send(FindingsAck(boot, number), channel)

    def _send(self, message: ToScheduler, channel: Channel[FromScheduler] | None) -> None:
        if channel is None:
            return
        try:
            channel.send(message)
        except ChannelClosed:
            log.info("%s is away; it hears the rest when it is back", self.name)

    async def _session(self, sock: socket.socket, listener: SchedulerListener) -> None:
        """Converse with one life of the scheduler until the connection is over or that life stops."""
        self._stopped.clear()
        # A duplicate, because the connection to a life that stops outlives this session.
        channel = Channel[FromScheduler](
            sock.dup(), FromScheduler, lambda message: self._received(channel, message, listener)
        )
        channel.closed.add_done_callback(lambda _: self._disconnected(channel))
        try:
            for policy in self.watched.values():
                channel.send(policy)
            channel.send(PoliciesListed())
            for ended, _ in self._endings.values():
                channel.send(ended)
            self._channel = channel
            self.connections += 1
            self.tasks.connected(channel)
            self._connected.set()
            await self._until_over(channel)
        except ChannelClosed:
            log.info("%s hung up at once", self.name)
        finally:
            self._connected.clear()
            if channel not in self._left.values():
                channel.close()
                self.stats = None
            self._channel = None
            self._early.clear()
            self._applied.clear()
        if channel not in self._left.values():
            listener.gone(self.name)

    async def _until_over(self, channel: Channel[FromScheduler]) -> None:
        stopped = asyncio.create_task(self._stopped.wait())
        either: list[asyncio.Future[Any]] = [channel.closed, stopped]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()

    def _disconnected(self, channel: Channel[FromScheduler]) -> None:
        if channel not in self._left.values():
            self.tasks.lost(channel, WorkerGone("The worker went away while it was at work; try again."))
            return
        self._left = {boot: left for boot, left in self._left.items() if left is not channel}
        self.tasks.lost(channel, Draining("The worker ended before the task was done; try again."))

    def _leave(self, channel: Channel[FromScheduler], stopped: Stopped) -> None:
        """This life has nothing more to tell but the answers to tasks at work; the next one may be there."""
        self._over(stopped)
        self._left[stopped.boot] = channel
        self._send(Left(), channel)
        self._channel = None
        self._connected.clear()
        self._fresh_until = time.monotonic() + SUCCESSOR_WITHIN_S
        self.tasks.left()
        self._stopped.set()

    def _received(
        self, channel: Channel[FromScheduler], message: FromScheduler, listener: SchedulerListener
    ) -> None:
        if isinstance(message, TaskDone | TaskFailed):
            self.tasks.answered(message)
        elif channel is not self._channel:
            log.debug("%s has stopped, what its figures are does not count", self.name)
        elif isinstance(message, SchedulerStats):
            self.stats, self.told_at = message, time.monotonic()
            self._fresh_until = self.told_at + STATS_STALE_S
            self.counters.absorb(message)
            if message.boot != self.boot:
                self.boot, self._newest = message.boot, 0
                listener.booted(self.name)
        elif isinstance(message, Finding):
            listener.found(self.name, message)
            self._newest = max(self._newest, message.number)
            early, self._early = self._early, []
            for over in early:
                self._over(over)
        elif isinstance(message, PolicyApplied):
            if message.media in self.watched:
                self._applied[message.media] = message.version
        elif isinstance(message, SessionOver):
            self._over(message)
        elif isinstance(message, Stopped):
            self._leave(channel, message)
        else:
            listener.latest(message)

    def _over(self, message: SessionOver | Stopped) -> None:
        """Media are over, or all are: done where their last finding has come."""
        if message.last_number > self._newest:
            self._early.append(message)
            return
        for request, (_, over) in self._endings.items():
            if not over.done() and (isinstance(message, Stopped) or request == message.request):
                over.set_result(None)
