"""A model with its engine and its measured curve, and how the rows of the demand are fed to it."""

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
from ..planning.curve import BatchCurve

LEARNING_RATE = 0.05
SHORTEST_S = 0.001  # no camera is faster
GRID_S = 0.032  # wide enough for many rows to meet, and hardly a frame late


class Dropped(NamedTuple):
    """In place of an output, or of an item: why there is none.

    ``to_blame``: the model fails for this item alone.
    """

    reason: str
    to_blame: bool = False


TORN = Dropped("torn")  # overwritten by its writer before it was read


class Done(NamedTuple):
    """What came of a batch: one output (or ``Dropped``) an item, and the seconds its inference took.

    ``failure``: the error's code where the whole batch failed.
    """

    outputs: list[Any]
    seconds: float
    failure: str = ""


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


class LoadedModel(ABC):
    """What models of frames and models of samples have in common.

    ``track``: the kind of track that it is fed by. ``continuous``: every item counts, none may be left out
    as frames may. ``fed_with``: a role whose outputs it needs and nobody else does. ``max_batch`` begins with
    the curve's choice and is halved when the device has no memory for it. ``slowdown``: how much longer
    batches take than the curve says, because other processes use the cores. ``failure``: why it does not
    run at all, as a code, empty while it runs; so it was at ``judged_at`` (monotonic seconds).
    """

    track: ClassVar[TrackKind]
    continuous: ClassVar[bool]
    priority: ClassVar[int] = 0
    fed_with: str | None = None

    def __init__(self, model: Model, engine: Engine, curve: BatchCurve) -> None:
        self.name = model.name
        self.model: Any = model
        self.curve = curve
        self.max_batch = curve.max_batch
        self.call_bound = curve.call_bound
        self.in_flight = 0
        self.slowdown = 1.0
        self.failure = ""
        self.judged_at = time.monotonic()
        self.engine = engine

    @abstractmethod
    def open(self, role: str, tracks: Mapping[TrackKind, Track], max_age_s: float) -> Feed:
        """Feed one more row, which wants this model for ``role``, from one of these tracks."""

    @abstractmethod
    def infer(self, items: Sequence[Any]) -> Done:
        """Prepare, run and decode a batch, in a thread of the executor."""

    @abstractmethod
    def moments(self, items: Sequence[Any], offset_ns: int) -> Moments:
        """When these items, which are about to be inferred, were seen or heard; tasks' are not asked for."""

    @property
    def window(self) -> int:
        """Samples (16 kHz) of an item; 0 for frames."""
        return 0

    @property
    def grid_s(self) -> float:
        """Rows fall due together on its multiples, where the call is what costs; 0: each on its own."""
        return GRID_S if self.call_bound else 0.0

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
        return ModelState(self.curve, self.max_batch, self.call_bound, self.continuous, self.in_flight)

    def check(self) -> None:
        """Run what the model was warmed up with; raises what the engine does."""
        self.engine.run(self.model.example(1))

    def halve(self, rows: int) -> None:
        """The device had no memory for so many rows: batches of half of them at most from now on."""
        self.max_batch = max(1, min(self.max_batch, rows // 2))

    def judge(self, failure: str, now: float) -> None:
        """It ran, or did not run at all for this reason."""
        self.failure, self.judged_at = failure, now

    def took(self, rows: int, seconds: float) -> None:
        """Learn from a batch that ran."""
        if seconds:
            ratio = max(1.0, seconds / self.curve.cost(rows))
            self.slowdown += LEARNING_RATE * (ratio - self.slowdown)

    def _run(self, feeds: Feeds) -> tuple[list[NDArray[Any]], float]:
        started = time.monotonic()
        tensors = self.engine.run(feeds)
        return tensors, time.monotonic() - started
