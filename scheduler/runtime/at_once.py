"""Tasks that one thread does from their first look to their last.

Where a row costs as much in company as alone, as on a CPU's core, batches save a task nothing, and its way
from thread to loop to thread, once for every look, costs it a tenth of its time. So there a task is one item,
which takes its turn among the batches. Its function is the same; its runner looks at once::

    in batches   loop ─ detector ─ loop ─ mesh ─ loop ─ embedder ─ loop
    at once      loop ─ detector ──────── mesh ──────── embedder ─ loop

What its looks cost teaches the curves of their models all the same.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

from numpy.typing import NDArray

from ..contract.media import TrackKind
from ..contract.tasks.spec import AnyTask
from ..core import Feeds
from ..errors import DeviceLost, OutOfMemory
from ..loaded.isolation import isolated
from ..loaded.loaded_model import SHORTEST_S, Done, Dropped, Feed, LoadedModel, Look, Moments
from ..loaded.loaded_sound import ClipItem
from ..loaded.loaded_vision import FrameItem
from ..media.tracks import Track
from ..planning.curve import BatchCurve
from ..tasks.functions import TaskFunction
from .pending import PendingItems, refusal
from .task_runner import TaskRunner
from .task_threads import TaskThreads

Computed = TypeVar("Computed")


class AtOnce(NamedTuple):
    """What came of a task, its reply or what it raised, and of its looks."""

    result: Any
    looks: Sequence[Look]


class AtOnceRunner(TaskRunner):
    """What a task asks of the scheduler, done by the thread that asks."""

    def __init__(self, pending: PendingItems, threads: TaskThreads, share: int, deadline: float) -> None:
        super().__init__(pending, threads, share, deadline)
        self._looks: list[Look] = []
        self._over = False

    async def perform(self, task_type: str, function: TaskFunction[Any, Any], payload: Any) -> Any:
        """See ``TaskRunner``. Once nobody waits for it any more it ends at its next step."""
        try:
            [done] = await self._wait_for(task_type, [partial(self._from_begin_to_end, function, payload)])
        finally:
            self._over = True
        if isinstance(done, Exception):
            raise done
        return done

    def _from_begin_to_end(self, function: TaskFunction[Any, Any], payload: Any) -> AtOnce:
        try:
            function(payload, self).send(None)
        except StopIteration as done:
            return AtOnce(done.value, self._looks)
        except Exception as error:  # whoever waits for the task is to raise it
            return AtOnce(error, self._looks)
        raise RuntimeError("a task that is done at once has nothing to wait for")

    async def compute(self, work: Callable[[], Computed]) -> Computed:
        """See ``tasks.runner.Runner``."""
        if self._over:
            raise TimeoutError
        return work()

    async def _infer(self, role: str, items: Sequence[FrameItem | ClipItem]) -> list[Any]:
        self.model(role)
        loaded = self._pending.loaded(role)
        done = await self.compute(partial(_looked, loaded, items))
        self._looks.append(Look(loaded, len(items), done))
        for output in done.outputs:
            if isinstance(output, Dropped):
                raise refusal(output)
        return done.outputs


def _looked(loaded: LoadedModel, items: Sequence[Any]) -> Done:
    try:
        return isolated(loaded, items)
    except (OutOfMemory, DeviceLost) as error:
        return Done([Dropped(error.code)] * len(items), 0.0, error.code)


class TaskAsModel:
    """What the scheduler asks of a model, for a task that has nothing of its own to run."""

    role = "task"

    def __init__(self, name: str) -> None:
        self.name = name

    def example(self, batch: int) -> Feeds:  # noqa: ARG002
        """Nothing."""
        return {}

    def run(self, feeds: Feeds) -> list[NDArray[Any]]:  # noqa: ARG002
        """Nothing."""
        return []


class LoadedTask(LoadedModel):
    """A task as planning sees it: a model that takes one item at a time, and costs what its looks cost."""

    track = "video"
    continuous = False

    def __init__(self, name: str, seconds: float) -> None:
        task = TaskAsModel(name)
        super().__init__(task, task, BatchCurve([1], [seconds]))
        self.halve(2)

    def open(self, role: str, tracks: Mapping[TrackKind, Track], max_age_s: float) -> Feed:
        """No stream wants it."""
        raise NotImplementedError

    def infer(self, items: Sequence[Callable[[], AtOnce]]) -> Done:
        """Do these tasks, one after the other."""
        started = time.monotonic()
        done = [item() for item in items]
        looks = [look for each in done for look in each.looks]
        return Done([each.result for each in done], time.monotonic() - started, looks=looks)

    def moments(self, items: Sequence[Any], offset_ns: int) -> Moments:  # noqa: ARG002
        """Nobody asks for a task's."""
        return lambda places, clocks, now: []  # noqa: ARG005


def loaded_task(task: AnyTask, loaded: Mapping[str, LoadedModel]) -> LoadedTask:
    """The task, of which one look by each of its models is known so far; ``loaded``: by role."""
    looks = [loaded[role].curve.cost(1) for role in (*task.roles, *task.enriching) if role in loaded]
    return LoadedTask(task.name, sum(looks, SHORTEST_S))
