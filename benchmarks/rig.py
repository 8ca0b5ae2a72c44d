"""The scheduler as the daemon runs it, fed by a camera process, for the benchmarks that load it."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from argusd.ingest.frame import FrameInfo
from argusd.scheduler.core import Moment, Outcome, Roi, whole_frame
from argusd.scheduler.lanes import Lanes
from argusd.scheduler.messages import SessionPolicy
from argusd.scheduler.policy import Policy
from argusd.scheduler.probe import CurveCache
from argusd.scheduler.roles import serve
from argusd.scheduler.scheduler import Scheduler
from argusd.scheduler.served import ServedVision
from argusd.scheduler.sessions import Watch
from argusd.scheduler.sources import Source
from argusd.scheduler.zoo.store import ZooStore

STREAM = "video"
VISION_ROLES = ("face_detector", "face_mesh", "object_detector")
CORES = len(os.sched_getaffinity(0))


def region(role: str, info: FrameInfo) -> Roi:
    """A face's square in the middle for the mesh, the whole frame for the detectors."""
    return (
        Roi(info.width / 2, info.height / 2, info.height / 2, 0.1)
        if role == "face_mesh"
        else whole_frame(info)
    )


class Answer(NamedTuple):
    """One look that was answered: when (monotonic), whose, by which role, and the frame's age then."""

    at: float
    session_id: str
    role: str
    age_s: float


class Onlooker:
    """A stream that looks at fixed rates and says so whenever it was answered."""

    name = STREAM
    news = True

    def __init__(self, rates: Mapping[str, float]) -> None:
        self.rates = rates

    def roi(self, role: str, info: FrameInfo) -> Roi | None:
        """What the role would look at in a picture of one person."""
        return region(role, info)

    def hears(self, role: str) -> bool:
        """Every window, as long as it stays."""
        return role in self.rates

    def absorb(self, role: str, output: Any, at: Moment) -> list[Outcome]:  # noqa: ARG002
        """Every answer is an outcome named after its role."""
        return [Outcome("observation", role, "update", 1.0)]

    def latest(self) -> dict[str, Any]:
        """Nothing is kept."""
        return {}

    def restart(self) -> None:
        """Nothing is kept."""

    def finish(self, at: Moment) -> list[Outcome]:  # noqa: ARG002
        """Nothing is open."""
        return []


class Recorder:
    """Takes the scheduler's findings and notes when they came."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []

    def finding(self, session_id: str, stream: str, outcome: Outcome, at: Moment) -> None:  # noqa: ARG002
        """Note one answer."""
        self.answers.append(Answer(time.monotonic(), session_id, outcome.name, at.frame_age_ms / 1000))

    def latest(self, watch: Watch, at: Moment) -> None:
        """The findings say it all."""


def live_models(folder: Path) -> dict[str, ServedVision]:
    """The vision models whose weights are present, by role; their curves are measured and kept in ``folder``.

    Raises:
        ModelUnavailableError: there are none; says how to get them.
    """
    store, curves = ZooStore(Path.home() / ".cache" / "argusd"), CurveCache(folder)
    served = {}
    for role in VISION_ROLES:
        name = store.choose(role)
        served[role] = serve(name, store.path(name), "cpu", curves)
    return {role: model for role, model in served.items() if isinstance(model, ServedVision)}


async def measured(recorder: Recorder, seconds: float) -> list[Answer]:
    """What is answered in the next ``seconds``."""
    start = len(recorder.answers)
    await asyncio.sleep(seconds)
    return recorder.answers[start:]


@contextmanager
def cameras(count: int, fps: float) -> Iterator[Path]:
    """A process with so many cameras; the path of its socket."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cameras.sock"
        process = subprocess.Popen(
            [sys.executable, "-m", "argusd.benchmarks.camera_process", str(path), str(count), str(fps)]
        )
        try:
            while not path.exists():
                time.sleep(0.01)
            yield path
        finally:
            process.kill()
            process.wait()


@asynccontextmanager
async def running_scheduler(
    path: Path, models: Mapping[str, ServedVision], rates: Mapping[str, float], sessions: int
) -> AsyncIterator[Recorder]:
    """A scheduler that watches ``sessions`` cameras behind ``path``, each at ``rates``; all were answered."""
    recorder = Recorder()
    lanes = Lanes(CORES, shared=False, clock=time.monotonic)
    scheduler = Scheduler(list(models.items()), {STREAM: lambda _: Onlooker(rates)}, recorder, lanes)
    source = Source(path, scheduler.sessions, scheduler.awake)
    scheduler.sources.append(source)
    for number in range(sessions):
        scheduler.sessions.set_policy(SessionPolicy(f"s{number}", [STREAM], Policy()))
    tasks = [asyncio.create_task(scheduler.run()), asyncio.create_task(source.run())]
    try:
        await _answers_from(sessions, recorder, tasks)
        yield recorder
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        lanes.close()


async def _answers_from(sessions: int, recorder: Recorder, tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait until every session was answered once."""
    async with asyncio.timeout(60):
        while len({answer.session_id for answer in recorder.answers}) < sessions:
            done, _ = await asyncio.wait(tasks, timeout=0.05)
            for task in done:
                task.result()
