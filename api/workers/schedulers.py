"""The schedulers by tier: which of them takes a session or a task, and how that went."""

import asyncio
import time
from collections.abc import Iterable, Iterator

import msgspec

from argusd.scheduler.contract.errors import BreakerOpen, ServiceError, WorkerGone
from argusd.scheduler.contract.messages import SchedulerStats, TaskDone
from argusd.scheduler.contract.tasks.spec import AnyTask
from argusd.scheduler.contract.tiers import Tier, scheduler_name

from ..config import ApiConfig
from .affinity import Affinity
from .breaker import Breaker
from .placement import Turns, least_loaded
from .scheduler_link import SchedulerLink, SchedulerListener
from .task_calls import WorkerSilent

STARTING_S = 5.0  # what callers wait at most for a worker that is about to come


class SchedulerWorker:
    """A scheduler process as a place for tasks."""

    def __init__(self, link: SchedulerLink) -> None:
        self.link = link
        self.breaker = Breaker()
        self._failed_connection = 0

    async def call(
        self, session_id: str, task_type: str, payload: msgspec.Struct, timeout_s: float
    ) -> TaskDone:
        """Have a task done here, and learn from how it went as ``breaker.py`` says.

        Raises:
            BreakerOpen: the worker has failed too often and rests.
            WorkerGone, WorkerSilent, ServiceError: see ``TaskCalls.call``.
        """
        if not self.breaker.begin(time.monotonic()):
            raise BreakerOpen(f"{self.link.name} has failed repeatedly and gets a rest; try again later.")
        connection = self.link.connections
        try:
            done = await self.link.tasks.call(session_id, task_type, payload, timeout_s)
        except WorkerGone:
            self._gone(connection)
            raise
        except WorkerSilent:
            self.breaker.failed(time.monotonic())
            raise
        except ServiceError:
            self.breaker.succeeded()
            raise
        except BaseException:
            self.breaker.given_up()
            raise
        self.breaker.succeeded()
        return done

    def _gone(self, connection: int) -> None:
        """A process that dies takes many requests with it; that is one failure, not many."""
        if self._failed_connection == connection:
            self.breaker.given_up()
        else:
            self._failed_connection = connection
            self.breaker.failed(time.monotonic())


class Schedulers:
    """``scheduler-0`` …, the live ones, which also watch the sessions, and ``scheduler-bulk``.

    A session belongs to one live scheduler from its media's begin to their end, or until that one breaks off.
    Then it goes to another one that is there, or waits for the restart where there is none.
    """

    def __init__(self, config: ApiConfig, affinity: Affinity) -> None:
        self._affinity = affinity
        counts: dict[Tier, int] = {"live": config.schedulers, "bulk": 1}
        self._workers = {
            tier: [
                SchedulerWorker(SchedulerLink(scheduler_name(tier, index), config.runtime_dir))
                for index in range(count)
            ]
            for tier, count in counts.items()
        }
        self._turns = {tier: Turns() for tier in counts}
        self.live = {link.name: link for link in self.of("live")}

    def __iter__(self) -> Iterator[SchedulerWorker]:
        return (worker for workers in self._workers.values() for worker in workers)

    @property
    def tiers(self) -> Iterable[Tier]:
        """Every tier."""
        return self._workers.keys()

    def workers(self, tier: Tier) -> list[SchedulerWorker]:
        """Those of a tier, as places for tasks."""
        return self._workers[tier]

    def of(self, tier: Tier) -> list[SchedulerLink]:
        """Those of a tier."""
        return [worker.link for worker in self._workers[tier]]

    @property
    def boots(self) -> dict[str, str | None]:
        """The life of each live scheduler that was heard of last."""
        return {name: link.boot for name, link in self.live.items()}

    @property
    def healthy(self) -> dict[str, SchedulerStats]:
        """The live schedulers that are there, and what they told last."""
        return {name: link.stats for name, link in self.live.items() if link.stats and link.healthy}

    @property
    def model_hashes(self) -> dict[str, str]:
        """The SHA-256 of the file of each model that a live scheduler looks with, as far as they have one."""
        return {
            role.model: role.sha256 for stats in self.healthy.values() for role in stats.roles if role.sha256
        }

    @property
    def told_at(self) -> float:
        """When the oldest of the live ones' newest figures came, in monotonic seconds; now, where none is."""
        return min((link.told_at for link in self.live.values() if link.healthy), default=time.monotonic())

    @property
    def fits_more(self) -> int | None:
        """Sessions that still fit where schedulers are there; None while none is."""
        healthy = self.healthy.values()
        return sum(stats.fits_more for stats in healthy) if healthy else None

    async def run(self, listener: SchedulerListener) -> None:
        """Stay connected to all of them, and keep where sessions are, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._affinity.run(), name="affinity")
            for worker in self:
                tasks.create_task(worker.link.run(listener), name=f"link to {worker.link.name}")

    def acknowledge(self, boot: str, number: int) -> None:
        """Tell the scheduler of this boot, if it is one's, what is stored of its findings."""
        for link in self.live.values():
            link.acknowledge(boot, number)

    def place_session(self, affine: str) -> str:
        """The live scheduler that takes a session's media; ``affine``: the one that had its earlier ones.

        Of several that of those with room, or of all where none has any, which watches the least.
        """
        healthy = self.healthy
        if affine in (healthy or self.live):
            return affine
        roomy = [name for name, stats in healthy.items() if stats.fits_more > 0]
        return least_loaded({name: len(self.live[name].watched) for name in roomy or healthy or self.live})

    async def place(self, session_id: str, task: AnyTask) -> SchedulerWorker:
        """The worker that takes this task of this session.

        Raises:
            WorkerGone: none of its tier is connected.
            BreakerOpen: those that are rest.
        """
        assert task.tier is not None, f"{task.name} is no scheduler's task"
        workers = {worker.link.name: worker for worker in self._workers[task.tier]}
        connected = [worker for worker in workers.values() if worker.link.connected]
        if not connected:
            raise WorkerGone("The worker is not there; it is started again, so try again.")
        now = time.monotonic()
        usable = [worker.link.name for worker in connected if worker.breaker.lets_through(now)]
        affine = await self._affinity.find(session_id, task.domain) if len(workers) > 1 else None
        name = self._turns[task.tier].choose(usable, affine)
        if name is None:
            raise BreakerOpen("The worker has failed repeatedly and gets a rest; try again in a moment.")
        self._affinity.remember(session_id, task.domain, name)
        return workers[name]

    async def comes(self, task: AnyTask, timeout_s: float) -> float:
        """Wait for a worker of the task's tier where none is there, but one is about to come.

        Returns the seconds that it took. One is about to come while the daemon starts, and where one life of
        a scheduler hands over to the next; one that broke off is no reason to wait.
        """
        assert task.tier is not None, f"{task.name} is no scheduler's task"
        links = self.of(task.tier)
        if any(link.connected for link in links) or not any(link.expected for link in links):
            return 0.0
        began = time.monotonic()
        coming = [asyncio.create_task(link.comes()) for link in links]
        try:
            at_most = min(timeout_s, STARTING_S)
            await asyncio.wait(coming, timeout=at_most, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in coming:
                each.cancel()
        return time.monotonic() - began
