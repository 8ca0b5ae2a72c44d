"""The scheduler's own loop in virtual time, on simulated cores: exact, and as quick as its decisions.

An event loop whose clock leaps to the next thing that is to happen; real rings, which cameras and microphones
fill at their rates; jobs that take what a model's curve says, and take turns at the cores.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any, NamedTuple

from argusd.scheduler.contract.catalog import StreamName
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import SessionPolicy
from argusd.scheduler.core import Moment, Outcome
from argusd.scheduler.loaded.loaded_model import LoadedModel
from argusd.scheduler.loaded.loaded_sound import LoadedAudioModel
from argusd.scheduler.loaded.loaded_vision import LoadedVisionModel
from argusd.scheduler.media.arena_sources import RingRef
from argusd.scheduler.planning.batcher import ExecutorState
from argusd.scheduler.planning.curve import BatchCurve
from argusd.scheduler.runtime.executor import state_of
from argusd.scheduler.runtime.loop import Scheduler

from .fakes import (
    ArenaWithTracks,
    FakeAudio,
    FakeEngine,
    FakeStreams,
    FakeVision,
    write_frame,
    write_windows,
)

BEGIN = 1000.0
WINDOW_S = 0.032
DONE_S = 1e-9


class _LeapingSelector(selectors.SelectSelector):
    """Waits for nothing: the time until which it was to wait has come."""

    leap: Callable[[float], None]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing will ever happen again"
        self.leap(timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes only while it waits."""

    def __init__(self) -> None:
        selector = _LeapingSelector()
        super().__init__(selector)
        selector.leap = self.leap
        self._now = BEGIN

    def leap(self, seconds: float) -> None:
        self._now += max(0.0, seconds)

    def time(self) -> float:
        return self._now


def in_virtual_time(work: Coroutine[Any, Any, None]) -> None:
    """Run this to its end."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(work)


class Ran(NamedTuple):
    """A job that is over: of which model, how many items, from when to when it had a thread."""

    model: str
    items: int
    began: float
    ended: float


class _Job:
    def __init__(self, loaded: LoadedModel, items: int, finish: Callable[[], None], *, long: bool) -> None:
        self.loaded = loaded
        self.items = items
        self.finish = finish
        self.long = long
        self.left = loaded.curve.cost(items)  # seconds of a core
        self.began = 0.0


class SimulatedExecutor:
    """Stands in for ``Executor`` on so many ``cores``; ``ran``: the timeline of what it did."""

    def __init__(self, cores: int) -> None:
        self.cores = cores
        self.ran: list[Ran] = []
        self.busy_s = 0.0  # of all cores together
        self._loop: Any = asyncio.get_running_loop()
        self._queue: list[_Job] = []
        self._running: list[_Job] = []
        self._since = self._loop.time()
        self._next: asyncio.TimerHandle | None = None

    @property
    def state(self) -> ExecutorState:
        jobs = self._running + self._queue
        long = sum(job.long for job in jobs)
        return state_of(self.cores, len(jobs) - long, long, shared=False)

    def submit(self, job: partial[Any], done: Callable[[Future[Any]], None], *, long: bool = False) -> None:
        assert self.state.open(long=long)
        loaded, items = job.args
        future: Future[Any] = Future()

        def finish() -> None:
            future.set_result(job())
            done(future)

        self._queue.append(_Job(loaded, len(items), finish, long=long))
        self._go_on()

    def run_here(self, job: partial[Any]) -> Future[Any]:
        """As ``Executor.run_here``; the cores' other work goes on meanwhile."""
        loaded, items = job.args
        taken = loaded.curve.cost(len(items))
        self.busy_s += taken
        self._loop.leap(taken)
        future: Future[Any] = Future()
        future.set_result(job())
        return future

    def longest(self) -> float:
        return 0.0

    @property
    def _speed(self) -> float:
        """Of a core, for each job that runs."""
        return min(1.0, self.cores / max(len(self._running), 1))

    def _go_on(self) -> None:
        """Let those that run have what they had since the last time, and give free threads to who waits."""
        now = self._loop.time()
        worked = (now - self._since) * self._speed
        self.busy_s += worked * len(self._running)
        self._since = now
        for job in list(self._running):
            job.left -= worked
            if job.left <= DONE_S:
                self._running.remove(job)
                self.ran.append(Ran(job.loaded.name, job.items, job.began, now))
                self._loop.call_soon(job.finish)
        for job in list(self._queue):
            if sum(other.long == job.long for other in self._running) < self.cores:
                self._queue.remove(job)
                self._running.append(job)
                job.began = now
        if self._next is not None:
            self._next.cancel()
        if self._running:
            soonest = min(job.left for job in self._running) / self._speed
            self._next = self._loop.call_later(max(soonest, DONE_S), self._go_on)


class Look(NamedTuple):
    """One look that was answered: when, whose, by which role, and the age of what was seen or heard."""

    at: float
    session: str
    role: str
    age_s: float


class Looks:
    """Takes the scheduler's findings; analyzers tell every look, named after its role."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.all: list[Look] = []

    def finding(self, media: MediaKey, stream: str, outcome: Outcome, at: Moment) -> None:
        self.all.append(Look(self._clock(), media.session_id, outcome.name, at.frame_age_ms / 1000))

    def latest(self, stream: Any, at: Moment) -> None:
        """The findings say it all."""


class Simulation:
    """A scheduler at work for simulated sessions.

    ``curves``: role to what batches of its model take; ``vad`` hears, the others see. ``streams``: by name,
    the rates that a session's stream wants.
    """

    def __init__(
        self,
        curves: Mapping[str, BatchCurve],
        streams: Mapping[str, Mapping[str, float]],
        cores: int = 2,
        **options: Any,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.executor = SimulatedExecutor(cores)
        self.looks = Looks(self._loop.time)
        self.scheduler = Scheduler(
            [(role, _model(role, curve)) for role, curve in curves.items()],
            {name: FakeStreams(name, rates) for name, rates in streams.items()},
            self.looks,
            self.executor,  # type: ignore[arg-type]
            clock=self._loop.time,
            **options,
        )
        self.scheduler.sources.append(self)  # type: ignore[arg-type]
        self._tracks = ArenaWithTracks()
        self._armed = False
        self._task = asyncio.create_task(self.scheduler.run())

    def arm(self) -> None:
        """As ``ArenaSource.arm``: what is written next wakes the scheduler."""
        self._armed = True

    def camera(self, session: str, stream: str, fps: float, first: float = 0.0) -> None:
        """Let one session's stream see so many frames a second, the first after so many seconds."""
        ring, ref = self._tracks.frames()
        self._watch(session, stream, ref)
        self._every(
            1 / fps,
            first,
            lambda number: write_frame(
                ring, number % 100, arrival=self._loop.time(), rtp=round(number * 90_000 / fps)
            ),
        )

    def microphone(self, session: str, first: float = 0.0) -> None:
        """Let one session's audio stream hear, a window at a time."""
        ring, ref = self._tracks.pcm()
        self._watch(session, "audio", ref)
        self._every(
            WINDOW_S, first, lambda number: write_windows(ring, [number % 100], arrival=self._loop.time())
        )

    def close(self) -> None:
        """Let nothing happen any more."""
        self._task.cancel()

    def _watch(self, session: str, stream: StreamName, ref: RingRef) -> None:
        media = MediaKey(session, stream)
        self.scheduler.sessions.set_policy(SessionPolicy(media, [stream]))
        self.scheduler.sessions.ring_opened(media, ref)

    def _every(self, interval: float, first: float, publish: Callable[[int], None]) -> None:
        begin = self._loop.time() + first

        def next_one(number: int) -> None:
            publish(number)
            if self._armed:
                self._armed = False
                self.scheduler.awake()
            self._loop.call_at(begin + (number + 1) * interval, next_one, number + 1)

        self._loop.call_at(begin, next_one, 0)


def _model(role: str, curve: BatchCurve) -> LoadedModel:
    adapter: Any = FakeAudio() if role == "vad" else FakeVision()
    adapter.role = adapter.name = role
    kind = LoadedAudioModel if role == "vad" else LoadedVisionModel
    return kind(adapter, FakeEngine(), curve)
