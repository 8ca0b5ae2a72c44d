"""A thousand sessions on one thread: the scheduler over real rings, with models that take no time."""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from argusd.ingest.shm.arena import Arena, ArenaView
from argusd.ingest.shm.frame import i420_info, plane_shapes
from argusd.ingest.shm.ring import FrameRing, PcmRing
from argusd.scheduler.analyzers.catalog import ANALYZERS
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import SessionPolicy
from argusd.scheduler.contract.policy import Policy, Rates
from argusd.scheduler.contract.roles import FACE_DETECTOR, FACE_MESH, OBJECT_DETECTOR, VAD
from argusd.scheduler.contract.streams.interview import AUDIO, FACE, VIDEO
from argusd.scheduler.core import Feeds, Frame, Moment, Outcome, Roi
from argusd.scheduler.loaded.loaded_model import LoadedModel
from argusd.scheduler.loaded.loaded_sound import LoadedAudioModel
from argusd.scheduler.loaded.loaded_vision import LoadedVisionModel
from argusd.scheduler.media.arena_sources import RingRef
from argusd.scheduler.planning.batcher import ExecutorState
from argusd.scheduler.planning.curve import BatchCurve
from argusd.scheduler.runtime.executor import Executor
from argusd.scheduler.runtime.loop import Scheduler
from argusd.scheduler.sessions.session_stream import SessionStream

from .every_look import EVERY_LOOK
from .outputs import outputs

WINDOW = 512
CURVE = BatchCurve([1, 8, 64, 256], [0.001, 0.0012, 0.002, 0.004])
RATES = Rates(face_detector=10.0, face_mesh=10.0, object_detector=5.0)
FPS, STEP_S, SETTLING_S = 15.0, 0.004, 0.3
Timed = Callable[[str, Callable[[], Any]], Any]

PICTURE = i420_info(32, 16)  # nobody looks at its pixels


class Instant:
    """A model of frames or of samples whose output is always the same, and takes no time."""

    window = hop = WINDOW

    def __init__(self, role: str, output: Any) -> None:
        self.role = self.name = role
        self._output = output

    def example(self, batch: int) -> Feeds:  # noqa: ARG002
        """Nothing."""
        return {}

    def reset(self, slot: int) -> None:
        """Nothing is remembered."""

    def prepare(self, frames: Sequence[Frame] | NDArray[np.int16], rois: object) -> Feeds:  # noqa: ARG002
        """Nothing."""
        return {}

    def decode(
        self,
        tensors: Sequence[NDArray[Any]],  # noqa: ARG002
        rois: Sequence[Roi] | NDArray[np.intp],
    ) -> list[Any]:
        """The same for each row."""
        return [self._output] * len(rois)

    def run(self, feeds: Feeds) -> list[NDArray[Any]]:  # noqa: ARG002
        """As an engine: nothing."""
        return []


class OneThread(Executor):
    """An executor that keeps its jobs until it is told to work: two threads that share a device."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(2, shared=True, clock=clock)
        self.jobs: list[tuple[Callable[[], Any], Callable[[Future[Any]], None]]] = []

    @property
    def state(self) -> ExecutorState:
        """How many may still be handed over."""
        return ExecutorState(max(2 - len(self.jobs), 0), 2, True)

    def submit(
        self,
        job: Callable[[], Any],
        done: Callable[[Future[Any]], None],
        *,
        long: bool = False,  # noqa: ARG002 - nothing yields to anything here
    ) -> None:
        """Keep it."""
        self.jobs.append((job, done))

    def work(self, timed: Timed = lambda _, run: run()) -> None:
        """Run what is kept, and tell the loop of it; ``timed`` runs each ``job`` and each ``absorb``."""
        while self.jobs:
            job, done = self.jobs[0]
            future: Future[Any] = Future()
            future.set_result(timed("job", job))
            del self.jobs[0]
            timed("absorb", partial(done, future))


class Told:
    """Takes findings as the scheduler's own delivery does, and counts them."""

    def __init__(self) -> None:
        self.findings = 0

    def finding(self, media: MediaKey, stream: str, outcome: Outcome, at: Moment) -> None:  # noqa: ARG002
        """One more."""
        self.findings += 1

    def latest(self, stream: SessionStream, at: Moment) -> None:
        """Nobody follows the newest results."""
        stream.pass_over(at.skipped)


class Cost(NamedTuple):
    """Microseconds a row of this thread's time, and how many rows there were."""

    tick_us: float
    job_us: float
    absorb_us: float
    rows: int


class Loop:
    """So many sessions of face, video and audio, their cameras and microphones out of step."""

    def __init__(self, sessions: int) -> None:
        self._now = 1000.0
        self._told = Told()
        self._executor = OneThread(lambda: self._now)
        known = outputs()
        models: list[tuple[str, LoadedModel]] = [
            (role, LoadedVisionModel(Instant(role, known[role]), Instant(role, None), CURVE))
            for role in (FACE_DETECTOR, FACE_MESH, OBJECT_DETECTOR)
        ]
        vad = Instant(VAD, known[VAD])
        models.append((VAD, LoadedAudioModel(vad, vad, CURVE)))
        self._scheduler = Scheduler(
            models,
            ANALYZERS,
            self._told,
            self._executor,
            clock=lambda: self._now,
        )
        random = np.random.default_rng(0)
        arena = Arena(1 << 20 | sessions * (4 * 4096 + 2 * 16384))
        view = ArenaView(arena.fd)
        self._frames = [FrameRing(arena, 4, PICTURE.nbytes) for _ in range(sessions)]
        self._sounds = [PcmRing(arena, 1.0) for _ in range(sessions)]
        self._next_frame = self._now + random.random(sessions) / FPS
        self._next_sound = self._now + random.random(sessions) * WINDOW / 16000
        for number, (frames, sounds) in enumerate(zip(self._frames, self._sounds, strict=True)):
            media = MediaKey(f"s{number}")
            policy = SessionPolicy(
                media, [FACE.name, VIDEO.name, AUDIO.name], Policy(rates=RATES, gates=EVERY_LOOK)
            )
            self._scheduler.sessions.set_policy(policy)
            for kind, ring in (("video", frames), ("audio", sounds)):
                ref = RingRef(view, kind, ring.place, ring.generation)  # type: ignore[arg-type]
                self._scheduler.sessions.ring_opened(media, ref)

    async def run(self, seconds: float) -> Cost:
        """What a row cost in so many seconds of the scheduler's own clock."""
        await self._turn(SETTLING_S)
        before = sum(self._scheduler.meters.served.values())
        spent = await self._turn(seconds)
        assert self._told.findings > 0, "the analyzers have something to tell"
        rows = sum(self._scheduler.meters.served.values()) - before
        tick, job, absorb = (spent[part] / rows * 1e6 for part in ("tick", "job", "absorb"))
        return Cost(tick, job, absorb, rows)

    async def _turn(self, seconds: float) -> dict[str, float]:
        spent = dict.fromkeys(("tick", "job", "absorb"), 0.0)
        end = self._now + seconds
        while self._now < end:
            self._publish()
            self._scheduler.rate.scale = 1.0
            self._serve(spent)
            self._now += STEP_S
            await asyncio.sleep(0)
        return spent

    def _publish(self) -> None:
        now_ns = round(self._now * 1e9)
        planes = [np.zeros(shape, np.uint8) for shape in plane_shapes(PICTURE)]
        info = msgspec.structs.replace(PICTURE, arrival_ns=now_ns, rtp_timestamp=round(self._now * 90_000))
        for at in np.flatnonzero(self._next_frame <= self._now).tolist():
            self._frames[at].write(planes, info)
            self._next_frame[at] += 1 / FPS
        for at in np.flatnonzero(self._next_sound <= self._now).tolist():
            self._sounds[at].write(np.zeros(WINDOW, np.int16), 0, now_ns, 0)
            self._next_sound[at] += WINDOW / 16000

    def _serve(self, spent: dict[str, float]) -> None:
        """Tick until there is nothing to do."""
        while True:
            self._timed(spent, "tick", self._scheduler.tick)
            if not self._executor.jobs:
                return
            self._executor.work(partial(self._timed, spent))

    @staticmethod
    def _timed(spent: dict[str, float], part: str, run: Callable[[], Any]) -> Any:
        begun = time.thread_time()
        result = run()
        spent[part] += time.thread_time() - begun
        return result
