"""The scheduler as the daemon runs it, fed by a camera process, for the benchmarks that load it."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import cv2

from argusd.ingest.shm.frame import FrameInfo
from argusd.scheduler.contract.catalog import StreamName
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import SessionPolicy
from argusd.scheduler.contract.policy import Policy
from argusd.scheduler.contract.roles import FACE_DETECTOR, FACE_MESH, OBJECT_DETECTOR, VAD
from argusd.scheduler.contract.streams.interview import VIDEO
from argusd.scheduler.core import AnalyzerFactory, LibraryModel, Moment, Outcome, Reuse, Roi, whole_frame
from argusd.scheduler.engines.targets import CPU
from argusd.scheduler.loaded.loaded_model import LoadedModel
from argusd.scheduler.loaded.loaded_sound import LoadedAudioModel
from argusd.scheduler.loaded.loaded_vision import LoadedVisionModel
from argusd.scheduler.loaded.probe import CurveCache
from argusd.scheduler.loaded.roles import load
from argusd.scheduler.media.arena_sources import ArenaSource
from argusd.scheduler.report.meters import Meters
from argusd.scheduler.runtime.loop import Scheduler
from argusd.scheduler.sessions.session_stream import SessionStream
from argusd.scheduler.zoo.store import ZooStore

from .timeline import RecordedExecutor, Span

VISION_ROLES = (FACE_DETECTOR, FACE_MESH, OBJECT_DETECTOR)
CORES = len(os.sched_getaffinity(0))


def region(role: str, info: FrameInfo) -> Roi:
    """A face's square in the middle for the mesh, the whole frame for the detectors."""
    return (
        Roi(info.width / 2, info.height / 2, info.height / 2, 0.1) if role == FACE_MESH else whole_frame(info)
    )


class Answer(NamedTuple):
    """One look that was answered: when (monotonic), whose, by which role, and the frame's age then."""

    at: float
    session_id: str
    role: str
    age_s: float


class Onlooker:
    """A stream that looks or listens at fixed rates and says so whenever it was answered."""

    news = True

    def __init__(self, name: StreamName, rates: Mapping[str, float]) -> None:
        self.name = name
        self.rates = rates

    def apply(self, policy: Policy) -> list[Outcome]:  # noqa: ARG002
        """Nothing here depends on it."""
        return []

    def roi(self, role: str, info: FrameInfo) -> Roi | None:
        """What the role would look at in a picture of one person."""
        return region(role, info)

    def reuse(self, role: str) -> Reuse | None:  # noqa: ARG002
        """Never: what is measured is looks."""
        return None

    def wants(self, role: str) -> bool:
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

    def forget(self) -> None:
        """Nothing is kept."""

    def finish(self, at: Moment) -> list[Outcome]:  # noqa: ARG002
        """Nothing is open."""
        return []


class Recorder:
    """Takes the scheduler's findings and notes when they came.

    ``spans``: what its threads did; ``meters``: what it counts.
    """

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.spans: list[Span] = []
        self.meters = Meters()

    def finding(self, media: MediaKey, stream: str, outcome: Outcome, at: Moment) -> None:  # noqa: ARG002
        """Note one answer."""
        self.answers.append(Answer(time.monotonic(), media.session_id, outcome.name, at.frame_age_ms / 1000))

    def latest(self, stream: SessionStream, at: Moment) -> None:
        """The findings say it all."""


def live_models(folder: Path) -> dict[str, LoadedVisionModel]:
    """The vision models whose weights are present, by role; their curves are measured and kept in ``folder``.

    Raises:
        ModelUnavailableError: there are none; says how to get them.
    """
    loaded = {role: _load(role, folder) for role in VISION_ROLES}
    return {role: model for role, model in loaded.items() if isinstance(model, LoadedVisionModel)}


def voice_detector(folder: Path) -> LoadedAudioModel:
    """The model of the role ``vad``.

    Raises:
        ModelUnavailableError: its weights are not present; says how to get them.
    """
    loaded = _load(VAD, folder)
    assert isinstance(loaded, LoadedAudioModel)
    return loaded


def _load(role: str, folder: Path) -> LoadedModel | LibraryModel:
    cv2.setNumThreads(1)  # as in the daemon
    return load(_store().choose(role), _store(), CPU, CurveCache(folder))


def graph_of(role: str) -> Path:
    """The ONNX file of the model that fills this role.

    Raises:
        ModelUnavailableError: its weights are not present; says how to get them.
    """
    return _store().path(_store().choose(role))


def _store() -> ZooStore:
    return ZooStore(Path.home() / ".cache" / "argusd")


async def measured(recorder: Recorder, seconds: float) -> list[Answer]:
    """What is answered in the next ``seconds``."""
    start = len(recorder.answers)
    await asyncio.sleep(seconds)
    return recorder.answers[start:]


def cameras(count: int, fps: float) -> AbstractContextManager[Path]:
    """A process with so many cameras; the path of its socket."""
    return _process("camera", str(count), str(fps))


def microphones(count: int, part_s: float) -> AbstractContextManager[Path]:
    """A process with so many microphones, which publish that much at a time; the path of its socket."""
    return _process("microphone", str(count), str(part_s))


@contextmanager
def _process(module: str, *arguments: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "media.sock"
        process = subprocess.Popen(
            [sys.executable, "-m", f"argusd.benchmarks.peers.{module}", str(path), *arguments]
        )
        try:
            while not path.exists():
                if process.poll() is not None:
                    raise RuntimeError(f"{module} ended before it had published anything; it said why above")
                time.sleep(0.01)
            yield path
        finally:
            process.kill()
            process.wait()


@asynccontextmanager
async def running_scheduler(
    path: Path,
    models: Mapping[str, LoadedModel],
    rates: Mapping[str, float],
    sessions: int,
    stream: StreamName = VIDEO.name,
    analyzer: AnalyzerFactory | None = None,
) -> AsyncIterator[Recorder]:
    """A scheduler that watches ``sessions`` cameras or microphones behind ``path``, each at ``rates``.

    ``analyzer``: what makes of it in place of an ``Onlooker``. All were answered once when it is yielded.
    """
    recorder = Recorder()
    executor = RecordedExecutor(CORES, recorder.spans)
    scheduler = Scheduler(
        list(models.items()),
        {stream: analyzer or (lambda _: Onlooker(stream, rates))},
        recorder,
        executor,
    )
    recorder.meters = scheduler.meters
    source = ArenaSource(path, "benchmark", scheduler.sessions, scheduler.awake)
    scheduler.sources.append(source)
    for number in range(sessions):
        scheduler.sessions.set_policy(SessionPolicy(MediaKey(f"s{number}"), [stream], Policy()))
    tasks = [asyncio.create_task(scheduler.run()), asyncio.create_task(source.run())]
    try:
        await _answers_from(sessions, recorder, tasks)
        yield recorder
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        executor.close()


async def _answers_from(sessions: int, recorder: Recorder, tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait until every session was answered once."""
    async with asyncio.timeout(60):
        while len({answer.session_id for answer in recorder.answers}) < sessions:
            done, _ = await asyncio.wait(tasks, timeout=0.05)
            for task in done:
                task.result()
