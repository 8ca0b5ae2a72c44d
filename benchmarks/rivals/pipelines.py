"""What a rival does with a request or a frame: the daemon's models and arithmetic, one after the other."""

import base64
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
import onnxruntime

from argusd.kernels.pictures.image import decode_image
from argusd.kernels.pictures.orb import features, pack
from argusd.scheduler.analyzers.audio import AudioAnalyzer
from argusd.scheduler.analyzers.face import FaceAnalyzer
from argusd.scheduler.analyzers.video import VideoAnalyzer
from argusd.scheduler.contract.media import SAMPLE_RATE
from argusd.scheduler.contract.modules import import_modules
from argusd.scheduler.contract.policy import Policy, Rates
from argusd.scheduler.contract.roles import FACE_DETECTOR, FACE_EMBEDDER, FACE_MESH, OBJECT_DETECTOR, VAD
from argusd.scheduler.core import Analyzer, Moment, Roi, VisionModel, whole_frame
from argusd.scheduler.embeddings import to_wire
from argusd.scheduler.media.pictures import StillFrame
from argusd.scheduler.models import faces, objects
from argusd.scheduler.models.outputs import Thing
from argusd.scheduler.models.regions import MIN_PRESENCE, face_region, mesh_region
from argusd.scheduler.models.registry import REGISTERED, Graph
from argusd.scheduler.models.voices import silero  # noqa: F401  # registers it
from argusd.scheduler.zoo.store import ZooStore

from ..rigs.cache import CACHE

MAX_PIXELS = 40_000_000
JPEG = b"\xff\xd8"
WIDTH, HEIGHT = 640, 480  # of what comes without a container
ERRORS_ONLY = 3
# The adapters that rivals use. All of the catalogue would bring libraries that none of them needs.
for package in (faces, objects):
    import_modules(package.__name__)

Answer = dict[str, Any]
Look = Callable[[bytes], Answer]


class Loaded(NamedTuple):
    """The model that the daemon would take for a role, and its graph in a session of one thread."""

    model: Any
    run: Callable[..., list[Any]]


def loaded(role: str) -> Loaded:
    """Load it.

    Raises:
        ModelUnavailableError: its weights are not present; says how to get them.
    """
    store = ZooStore(CACHE)
    name = store.choose(role)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = ERRORS_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(
        store.read(name).content, options, providers=["CPUExecutionProvider"]
    )
    cv2.setNumThreads(1)
    return Loaded(graph(name).make(name), session.run)


def graph(name: str) -> Graph:
    """How a model that ONNX Runtime runs is made."""
    entry = REGISTERED[name]
    assert isinstance(entry, Graph), f"{name} is no graph of ONNX Runtime"
    return entry


class Vision:
    """A model of pictures."""

    def __init__(self, role: str) -> None:
        self.model, self._run = loaded(role)

    def __call__(self, frames: Sequence[StillFrame], rois: Sequence[Roi]) -> list[Any]:
        """One output for each region."""
        model: VisionModel = self.model
        return list(model.decode(self._run(None, model.prepare(frames, rois)), rois))


def opened(picture: bytes) -> StillFrame:
    """The pixels of a JPEG, or of I420 of ``WIDTH`` × ``HEIGHT``."""
    if picture.startswith(JPEG):
        return StillFrame(decode_image(picture, MAX_PIXELS))
    planes = np.frombuffer(picture, np.uint8).reshape(HEIGHT * 3 // 2, WIDTH)
    return StillFrame(cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420).astype(np.uint8, copy=False))


class FaceEmbed:
    """``face_embed``: the largest face's embedding, of each of several JPEGs."""

    def __init__(self) -> None:
        self._detect, self._mesh, self._embed = (
            Vision(FACE_DETECTOR),
            Vision(FACE_MESH),
            Vision(FACE_EMBEDDER),
        )

    def __call__(self, jpegs: Sequence[bytes]) -> list[Answer]:
        """One answer each; every picture shows a face."""
        frames = [opened(jpeg) for jpeg in jpegs]
        found = self._detect(frames, [whole_frame(frame.info) for frame in frames])
        faces = [max(each, key=lambda face: face.box.area) for each in found]
        regions = [mesh_region(face.box, face.tilt) for face in faces]
        meshes = self._mesh(frames, regions)
        rois = [
            face_region(mesh.keypoints if mesh.presence >= MIN_PRESENCE else face.keypoints)
            for mesh, face in zip(meshes, faces, strict=True)
        ]
        return [
            {"embedding_b64": base64.b64encode(to_wire(seen.vector)).decode(), "face_count": len(each)}
            for seen, each in zip(self._embed(frames, rois), found, strict=True)
        ]


class RoomScan:
    """``video_room_scan``'s first frame: the objects of each of several JPEGs, and the room's corners."""

    def __init__(self) -> None:
        self._detect = Vision(OBJECT_DETECTOR)

    def __call__(self, jpegs: Sequence[bytes]) -> list[Answer]:
        """One answer each."""
        frames = [opened(jpeg) for jpeg in jpegs]
        found = self._detect(frames, [whole_frame(frame.info) for frame in frames])
        for frame in frames:
            pack(features(frame.planes[0].reshape(frame.info.height, frame.info.width, 3)))
        return [{"objects": _objects(things, frame)} for things, frame in zip(found, frames, strict=True)]


def _objects(things: Sequence[Thing], frame: StillFrame) -> list[Answer]:
    info = frame.info
    return [
        {
            "label": thing.label,
            "score": round(thing.score, 3),
            "box": thing.box.in_unit(info.width, info.height),
        }
        for thing in things
    ]


PIPELINES: dict[str, Callable[[], Callable[[Sequence[bytes]], list[Answer]]]] = {
    "face_embed": FaceEmbed,
    "video_room_scan": RoomScan,
}


class Watcher:
    """One connection's stream: an analyzer, and how long it has run."""

    def __init__(self, analyzer: Analyzer) -> None:
        self._analyzer = analyzer
        self._begin = time.monotonic()

    def at(self, width: int = 0, height: int = 0, lasts_s: float = 0.0) -> Moment:
        """Now."""
        return Moment(
            time.monotonic() - self._begin, time.time(), 0.0, width=width, height=height, lasts_s=lasts_s
        )

    def see(self, frame: StillFrame, models: dict[str, Vision]) -> Answer:
        """Give a frame to these models, one after the other, and what they say to the analyzer."""
        at = self.at(frame.info.width, frame.info.height)
        for role, model in models.items():
            roi = self._analyzer.roi(role, frame.info)
            if roi is not None:
                self._analyzer.absorb(role, model([frame], [roi])[0], at)
        return self._analyzer.latest()

    def hear(self, role: str, output: Any, lasts_s: float) -> Answer:
        """Give the analyzer what a window held."""
        self._analyzer.absorb(role, output, self.at(lasts_s=lasts_s))
        return self._analyzer.latest()


def policy() -> Policy:
    """The daemon's, without the second speaker."""
    return Policy(rates=Rates(speaker_embedder=0))


class FaceWatch:
    """The face stream's models; ``begin`` gives a connection its own state."""

    def __init__(self) -> None:
        self._models = {FACE_DETECTOR: Vision(FACE_DETECTOR), FACE_MESH: Vision(FACE_MESH)}

    def begin(self) -> Look:
        """A JPEG to the stream's answer."""
        watcher = Watcher(FaceAnalyzer(policy()))
        return lambda jpeg: watcher.see(opened(jpeg), self._models)


class VideoWatch:
    """The video stream's model; ``begin`` gives a connection its own state."""

    def __init__(self) -> None:
        self._models = {OBJECT_DETECTOR: Vision(OBJECT_DETECTOR)}

    def begin(self) -> Look:
        """A JPEG to the stream's answer."""
        watcher = Watcher(VideoAnalyzer(policy()))
        return lambda jpeg: watcher.see(opened(jpeg), self._models)


class AudioWatch:
    """The audio stream's model, which remembers a voice; ``begin`` gives a connection its own copy."""

    def __init__(self) -> None:
        model, self._run = loaded(VAD)
        self._name: str = model.name

    def begin(self) -> Look:
        """A window of samples to the stream's answer."""
        model: Any = graph(self._name).make(self._name)
        slots, watcher = np.zeros(1, np.intp), Watcher(AudioAnalyzer(policy()))

        def hear(pcm: bytes) -> Answer:
            feeds = model.prepare(np.frombuffer(pcm, "<i2")[np.newaxis], slots)
            heard = model.decode(self._run(None, feeds), slots)[0]
            return watcher.hear(VAD, heard, len(pcm) / 2 / SAMPLE_RATE)

        return hear


WATCHES: dict[str, Callable[[], FaceWatch | VideoWatch | AudioWatch]] = {
    "face": FaceWatch,
    "video": VideoWatch,
    "audio": AudioWatch,
}
