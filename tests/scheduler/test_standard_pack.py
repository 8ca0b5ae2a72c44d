"""The standard pack's faces from their published files to a task's answer: store, importers, engines, loop.

The weights cannot be part of the tests, so the files are graphs with random weights and the published ones'
edges (``published_graphs.py``). What they find means nothing; that it is the same on every way does.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from hashlib import sha256
from typing import Any

import cv2
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.scheduler.contract.messages import TaskDone, TaskFailed, TaskRequest
from argusd.scheduler.contract.tasks.faces import FaceEmbed, FaceVerify
from argusd.scheduler.contract.tasks.spec import Payload
from argusd.scheduler.core import whole_frame
from argusd.scheduler.engines.targets import CPU
from argusd.scheduler.loaded.loaded_model import LoadedModel
from argusd.scheduler.loaded.loaded_vision import FrameItem, LoadedVisionModel
from argusd.scheduler.loaded.loading import load
from argusd.scheduler.loaded.probe import CurveCache
from argusd.scheduler.media.pictures import StillFrame
from argusd.scheduler.models.faces.face_geometry import meshes
from argusd.scheduler.models.outputs import Face
from argusd.scheduler.models.regions import face_region, same_face
from argusd.scheduler.planning.curve import BatchCurve
from argusd.scheduler.runtime.executor import Executor
from argusd.scheduler.runtime.loop import Scheduler
from argusd.scheduler.runtime.task_pool import TaskPool
from argusd.scheduler.tasks import found_faces
from argusd.scheduler.tasks.functions import FUNCTIONS
from argusd.scheduler.zoo.manifest import Manifest, PathSource, builtin_manifest
from argusd.scheduler.zoo.store import ZooStore

from .fakes import FakeVision, HeardFindings
from .zoo.importers.published_graphs import arcface_graph, scrfd_graph

GRAPHS: dict[str, Callable[[], bytes]] = {
    "scrfd_10g": lambda: scrfd_graph(seed=1, shift=-2.7),
    "arcface_r50": lambda: arcface_graph(seed=2),
    "arcface_mbf": lambda: arcface_graph(seed=3),
}


PATIENCE_S = 3600.0  # how quick this machine is, is not what is judged


class NoMesh(FakeVision):
    """Sees no face, so that the detector's points are what faces are aligned by."""

    role = "face_mesh"
    name = "no_mesh"

    def decode(self, tensors: Any, rois: Any) -> list[Any]:
        return list(meshes(np.zeros((len(rois), 478, 3)), np.zeros(len(rois))))


class Nothing:
    """An engine that gives nothing."""

    def run(self, feeds: dict[str, NDArray[Any]]) -> list[NDArray[Any]]:
        return []


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ZooStore:
    """The built-in manifest's entries, their files taken from this host."""
    folder, entries = tmp_path_factory.mktemp("published"), []
    for name, graph in GRAPHS.items():
        content, path = graph(), folder / f"{name}.onnx"
        path.write_bytes(content)
        entry = builtin_manifest().entry(name)
        (file,) = entry.files
        here = msgspec.structs.replace(
            file, sha256=sha256(content).hexdigest(), sources=(PathSource(str(path)),)
        )
        entries.append(msgspec.structs.replace(entry, files=(here,)))
    store = ZooStore(tmp_path_factory.mktemp("cache"), Manifest(tuple(entries)))
    store.pull(["standard"])
    return store


@pytest.fixture(scope="module")
def served(store: ZooStore, tmp_path_factory: pytest.TempPathFactory) -> dict[str, LoadedModel]:
    curves = CurveCache(tmp_path_factory.mktemp("curves"))
    loaded = {name: load(name, store, CPU, curves) for name in GRAPHS}
    return {name: model for name, model in loaded.items() if isinstance(model, LoadedModel)}


@pytest.fixture(scope="module")
def picture() -> NDArray[np.uint8]:
    coarse = np.random.default_rng(4).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (640, 480), interpolation=cv2.INTER_CUBIC), np.uint8)


@pytest.fixture(scope="module")
def image(picture: NDArray[np.uint8]) -> bytes:
    return bytes(cv2.imencode(".png", picture)[1].tobytes())


class Desk:
    """A scheduler of these models that runs, and its pool of tasks."""

    def __init__(self, detector: LoadedModel, embedder: LoadedModel) -> None:
        mesh = LoadedVisionModel(NoMesh(), Nothing(), BatchCurve(sizes=[1, 8], seconds=[0.001, 0.002]))
        executor = Executor(2, shared=False, clock=lambda: 0.0)
        models = [("face_detector", detector), ("face_mesh", mesh), ("face_embedder", embedder)]
        self.scheduler = Scheduler(models, {}, HeardFindings(), executor)
        self.pool = TaskPool(self.scheduler.pending, FUNCTIONS, limit=64, threads=2)
        self._loop = asyncio.create_task(self.scheduler.run())
        self._number = 0

    async def ask(self, task_type: str, payload: Payload) -> TaskDone | TaskFailed:
        self._number += 1
        answer: asyncio.Future[TaskDone | TaskFailed] = asyncio.get_running_loop().create_future()
        request = TaskRequest(self._number, "session", task_type, msgspec.msgpack.encode(payload), PATIENCE_S)
        self.pool.start("api", request, answer.set_result)
        return await answer

    async def embed(self, image: bytes) -> dict[str, Any]:
        answer = await self.ask("face_embed", FaceEmbed(image_b64=image))
        assert isinstance(answer, TaskDone), answer
        return answer.result

    async def close(self) -> None:
        await self.pool.close()
        self._loop.cancel()
        await asyncio.gather(self._loop, return_exceptions=True)
        self.scheduler.executor.close()


@pytest.fixture
async def desk(served: dict[str, LoadedModel], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    # Faces that random weights see are not seen again in a closer look: all of them count, each once.
    monkeypatch.setattr(found_faces, "SURE", 0.0)
    desk = Desk(served["scrfd_10g"], served["arcface_r50"])
    yield desk
    await desk.close()


def largest(faces: list[Face]) -> Face:
    return max(faces, key=lambda face: face.box.area)


async def test_an_embedding_is_what_the_models_give_one_after_the_other(
    desk: Desk, served: dict[str, LoadedModel], picture: NDArray[np.uint8], image: bytes
) -> None:
    detector, embedder = served["scrfd_10g"], served["arcface_r50"]
    assert isinstance(detector, LoadedVisionModel)
    assert isinstance(embedder, LoadedVisionModel)
    frame = StillFrame(picture)
    found = detector.infer([FrameItem(frame, whole_frame(frame.info))]).outputs[0]
    faces: list[Face] = []
    for face in sorted(found, key=lambda face: -face.score):
        faces += [] if any(same_face(face.box, known.box) for known in faces) else [face]
    (by_hand,) = embedder.infer([FrameItem(frame, face_region(largest(faces).keypoints))]).outputs

    result = await desk.embed(image)

    vector = np.frombuffer(result["embedding_b64"], "<f4")
    assert vector.shape == (512,)
    np.testing.assert_allclose(vector, by_hand.vector, atol=1e-5)
    assert (result["model"], result["face_count"]) == ("arcface_r50", len(faces))


async def test_many_at_once_get_what_one_gets_alone(desk: Desk, image: bytes) -> None:
    alone = await desk.embed(image)
    together = await asyncio.gather(*(desk.embed(image) for _ in range(12)))
    expected = np.frombuffer(alone["embedding_b64"], "<f4")
    for result in together:
        found = np.frombuffer(result["embedding_b64"], "<f4")
        np.testing.assert_allclose(found, expected, atol=1e-4)


async def test_who_enrolled_is_verified_but_not_with_another_model(
    desk: Desk, served: dict[str, LoadedModel], image: bytes
) -> None:
    enrolled = await desk.embed(image)
    payload = FaceVerify(
        image_b64=image,
        reference_embedding_b64=enrolled["embedding_b64"],
        reference_model=enrolled["model"],
    )
    verified = await desk.ask("face_verify", payload)
    assert isinstance(verified, TaskDone)
    assert verified.result["match"] is True
    assert verified.result["score"] == pytest.approx(1, abs=1e-3)

    other = Desk(served["scrfd_10g"], served["arcface_mbf"])
    refused = await other.ask("face_verify", payload)
    size = await other.ask(
        "face_verify",
        msgspec.structs.replace(payload, reference_embedding_b64=bytes(4096), reference_model=None),
    )
    await other.close()
    assert isinstance(refused, TaskFailed)
    assert refused.code == "embedding_model"
    assert isinstance(size, TaskFailed)
    assert size.code == "embedding_size"
