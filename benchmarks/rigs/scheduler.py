"""The scheduler as the daemon runs it, fed by a camera process, for the benchmarks that load it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import cv2

from argusd.scheduler.allowed_cores import whole_cores
from argusd.scheduler.contract.catalog import StreamName
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import SessionPolicy
from argusd.scheduler.contract.policy import Policy
from argusd.scheduler.contract.roles import FACE_DETECTOR, FACE_MESH, OBJECT_DETECTOR, VAD
from argusd.scheduler.contract.streams.interview import VIDEO
from argusd.scheduler.core import AnalyzerFactory, LibraryModel
from argusd.scheduler.engines.targets import CPU
from argusd.scheduler.loaded.loaded_model import LoadedModel
from argusd.scheduler.loaded.loaded_sound import LoadedAudioModel
from argusd.scheduler.loaded.loaded_vision import LoadedVisionModel
from argusd.scheduler.loaded.loading import load
from argusd.scheduler.loaded.probe import CurveCache
from argusd.scheduler.media.arena_sources import ArenaSource
from argusd.scheduler.runtime.loop import Scheduler
from argusd.scheduler.zoo.store import ZooStore

from .cache import CACHE
from .onlookers import Onlooker, Recorder, serving
from .timeline import RecordedExecutor

VISION_ROLES = (FACE_DETECTOR, FACE_MESH, OBJECT_DETECTOR)
CORES = whole_cores()


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
    return ZooStore(CACHE)


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
    async with serving(scheduler, recorder, sessions):
        yield recorder
