"""A model with its engine and its measured curve, and how the rows of the demand are fed to it."""

import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol

from numpy.typing import NDArray

from ..contract.media import TrackKind
from ..core import Analyzer, Engine, Feeds, Model, Moment
from ..media.moments import MediaClock
from ..media.tracks import Track
from ..planning.batcher import ModelState
from ..planning.curve import LOOP, BatchCurve
from .learning import Costs, Trials

LONGEST_S = 0.2  # a thread that is taken for longer makes every other model's rows late
LONGEST_ON_DEVICE_S = 0.02  # there the batches of all models come one after the other
SHORTEST_S = 0.001  # no camera is faster
QUICK_S = 0.002  # the loop can stand still for so long
LONG_S = 0.02  # those that take less run beside a look that takes longer


class Dropped(NamedTuple):
    """In place of an output, or of an item: why there is none.

    ``to_blame``: the model fails for this item alone.
    """

    reason: str
    to_blame: bool = False


TORN = Dropped("torn")  # overwritten by its writer before it was read


class Done(NamedTuple):
    """What came of a batch: one output (or ``Dropped``) an item, and the seconds its inference took.

    ``failure``: the error's code where the whole batch failed. ``cost``: seconds of a core (of the device, on
    CUDA) to prepare, run and decode it; 0 where not each item was run once. ``reused``: how many of the
    outputs are those of earlier pictures, which these are no different from. ``looks``: what models did for
    it, where that was not one batch of the one that it was given to.
    """

    outputs: list[Any]
    seconds: float
    failure: str = ""
    cost: float = 0.0
    reused: int = 0
    looks: "Sequence[Look] | None" = None


class Look(NamedTuple):
    """What a model did for so many rows."""

    loaded: "LoadedModel"
    rows: int
    done: Done


class Feed(Protocol):
    """How one row is fed: what it reads of its track, and what the model keeps for it.

    ``max_age``: seconds after its arrival at which an item is of no use any more. ``cursor``: of what comes
    after the item that was asked for last.
    """

    track: Track
    max_age: float
    cursor: int

    def follow(self) -> int:
        """Read the track's ring, which may be another one than before; returns the cursor to begin at."""

    def forget(self) -> None:
        """Something is missing before the next item: what the model remembers of this row is void."""

    def item(self, analyzer: Analyzer, cursor: int, now: float) -> Any | Dropped | None:
        """The next item for a batch of its model; None: there is none, or the analyzer wants none."""

    def close(self) -> None:
        """The row is gone, and no batch holds an item of it."""


# From items' places in their batch, their tracks' clocks, and the monotonic seconds of their outputs.
Moments = Callable[[Sequence[int], Sequence[MediaClock], float], list[Moment]]


class DeviceTime:
    """Seconds of a device that does one batch after the other: each counts from the end of the one before.

    ``clock``: monotonic seconds. Of two batches that are in flight neither is charged for the other.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last_end = clock()
        self._ending = threading.Lock()

    def spent(self, started: float) -> float:
        """What a batch took that began then and ends now."""
        with self._ending:
            ended, free = self._clock(), self._last_end
            self._last_end = ended
        return ended - max(started, free)


ON_DEVICE = DeviceTime()  # a scheduler has one device


class LoadedModel(ABC):
    """What models of frames and models of samples have in common.

    ``track``: the kind of track that it is fed by. ``continuous``: every item counts, none may be left out
    as frames may. ``fed_with``: a role whose outputs it needs and nobody else does. ``curve``: what batches
    cost by ``clock``, refreshed by what they took, ``spent`` since they began; none is to take longer than
    ``longest_s``. ``max_batch`` is its choice, or what the device has memory for. ``long``: whether short
    models take turns with it on a core. ``loop``: what they cost the event loop. ``precision``: see
    ``RoleStatus``. ``failure``: why it does not run at all, as a code, empty while it runs; so it was at
    ``judged_at`` (monotonic seconds).
    """

    track: ClassVar[TrackKind]
    continuous: ClassVar[bool]
    priority: ClassVar[int] = 0
    fed_with: str | None = None

    def __init__(self, model: Model, engine: Engine, curve: BatchCurve) -> None:
        self.name = model.name
        self.model: Any = model
        self.clock: Callable[[], float] = time.thread_time  # a graph runs on the calling thread alone
        self.spent: Callable[[float], float] = lambda started: self.clock() - started
        self.longest_s = LONGEST_S
        self.in_flight = 0
        self.failure = ""
        self.precision = ""
        self.sha256 = ""
        self.judged_at = time.monotonic()
        self.engine = engine
        self._most = sys.maxsize
        self._took, self._cost_loop = Costs(), Costs()
        self._trials = Trials()
        self.curve = curve
        self.loop = LOOP

    def on_device(self) -> None:
        """Its batches run on a device that all models share, not on the thread that waits for them."""
        self.clock, self.longest_s = time.monotonic, LONGEST_ON_DEVICE_S
        self.spent = ON_DEVICE.spent

    @property
    def curve(self) -> BatchCurve:
        """What batches cost."""
        return self._curve

    @curve.setter
    def curve(self, curve: BatchCurve) -> None:
        self._curve = curve
        self.max_batch = min(curve.max_batch, self._most)
        self.call_bound = curve.call_bound
        self.quick = curve.most_within(QUICK_S) if self.continuous else 0  # pictures are decoded first
        self.long = curve.cost(1) > LONG_S

    @abstractmethod
    def open(self, role: str, tracks: Mapping[TrackKind, Track], max_age_s: float) -> Feed:
        """Feed one more row, which wants this model for ``role``, from one of these tracks."""

    @abstractmethod
    def infer(self, items: Sequence[Any]) -> Done:
        """Prepare, run and decode a batch, in a thread of the executor."""

    def rehearsal(self, batch: int) -> Callable[[], object]:
        """What prepares, runs and decodes so many made-up items; here it only runs them."""
        feeds = self.model.example(batch)
        return lambda: self.engine.run(feeds)

    @abstractmethod
    def moments(self, items: Sequence[Any], offset_ns: int) -> Moments:
        """When these items, which are about to be inferred, were seen or heard; tasks' are not asked for."""

    @property
    def window(self) -> int:
        """Samples (16 kHz) of an item; 0 for frames."""
        return 0

    @property
    def shortest_s(self) -> float:
        """Seconds that lie between two items at least."""
        return SHORTEST_S

    def period(self, hz: float) -> float:
        """Seconds between two items of a row that wants so many a second."""
        return max(1 / hz, self.shortest_s)

    @property
    def state(self) -> ModelState:
        """What planning needs to know."""
        size = min(self._trials.size(self.max_batch), self._most)
        return ModelState(
            self.curve, size, self.call_bound, self.continuous, self.in_flight, self.long, self.quick
        )

    def check(self) -> None:
        """Run what the model was warmed up with; raises what the engine does."""
        self.engine.run(self.model.example(1))

    def halve(self, rows: int) -> None:
        """The device had no memory for so many rows: batches of half of them at most from now on."""
        self.max_batch = self._most = max(1, min(self.max_batch, rows // 2))

    def judge(self, failure: str, now: float) -> None:
        """It ran, or did not run at all for this reason."""
        self.failure, self.judged_at = failure, now

    def took(self, rows: int, cost: float, loop: float) -> None:
        """Note what a batch cost a thread and the event loop; 0: there is nothing to learn of it."""
        if cost > 0:
            self._took.add(rows, cost)
            self._trials.ran(rows)
        if loop > 0:
            self._cost_loop.add(rows, loop)

    def learn(self, now: float) -> None:
        """Refresh the curves by what batches cost since the last time, and let other sizes be tried."""
        self.curve = self._took.refresh(self.curve)
        self.loop = self._cost_loop.refresh(self.loop)
        self._trials.look(now, self.max_batch, self._affordable)

    def _affordable(self, size: int) -> bool:
        return size <= self._most and self.curve.cost(size) <= self.longest_s

    def _run(self, feeds: Feeds) -> tuple[list[NDArray[Any]], float]:
        started = time.monotonic()
        tensors = self.engine.run(feeds)
        return tensors, time.monotonic() - started
