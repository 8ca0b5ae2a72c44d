"""What the graphs of the live models give for one person at a desk, made up: one face, a phone, a voice."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from argusd.scheduler.contract.roles import FACE_DETECTOR, FACE_MESH, OBJECT_DETECTOR, VAD
from argusd.scheduler.core import Roi
from argusd.scheduler.models.faces.blazeface import FULL_RANGE, BlazeFace
from argusd.scheduler.models.faces.facemesh import COLUMNS, FaceMesh
from argusd.scheduler.models.faces.mtcnn import Mtcnn
from argusd.scheduler.models.faces.scrfd import Scrfd
from argusd.scheduler.models.objects.centernet import CenterNet
from argusd.scheduler.models.objects.coco import COCO
from argusd.scheduler.models.objects.yolov8 import YoloV8
from argusd.scheduler.models.outputs import PERSON, PHONE
from argusd.scheduler.models.voices.silero import Silero

Tensors = list[NDArray[Any]]

WIDTH, HEIGHT = 1280, 720
WHOLE = Roi(WIDTH / 2, HEIGHT / 2, float(WIDTH))
FACE = Roi(640.0, 300.0, 400.0, 0.1)
MESH_OUTPUTS = (1404, 160, 142, 142, 10, 10)

# Across, down and into the head, in 0..1 of the mesh's region.
LANDMARKS = {
    (127, 234): (0.2, 0.45, 0.3),  # the sides of the face
    (356, 454): (0.8, 0.45, 0.3),
    (10,): (0.5, 0.2, 0.05),  # forehead, chin
    (152,): (0.5, 0.9, 0.05),
    (33,): (0.3, 0.42, 0.0),  # each eye's corners, upper and lower lid, iris
    (133,): (0.45, 0.42, 0.0),
    (160, 159, 158): (0.37, 0.4, 0.0),
    (144, 145, 153): (0.37, 0.44, 0.0),
    (468,): (0.38, 0.42, 0.0),
    (362,): (0.55, 0.42, 0.0),
    (263,): (0.7, 0.42, 0.0),
    (387, 386, 385): (0.63, 0.4, 0.0),
    (373, 374, 380): (0.63, 0.44, 0.0),
    (473,): (0.63, 0.42, 0.0),
}


class Decoding(NamedTuple):
    """A model's decode. ``tensors`` makes a batch's; ``found`` says whether an output is what they show."""

    model: Any
    tensors: Callable[[int], Tensors]
    roi: Roi
    found: Callable[[Any], bool]

    def outputs(self, tensors: Tensors) -> list[Any]:
        """One output a row."""
        rows = len(tensors[0]) if not isinstance(self.model, Mtcnn) else len(np.unique(tensors[0]))
        if isinstance(self.model, Silero):
            return list(self.model.decode(tensors, np.arange(rows)))
        return list(self.model.decode(tensors, [self.roi] * rows))


def decodings() -> Mapping[str, Decoding]:
    """The decodes of the live models by their models' names, at full frames."""
    return {
        "blazeface_full_range": Decoding(BlazeFace("n", FULL_RANGE), blazeface, WHOLE, _one_face),
        "facemesh_attention": Decoding(FaceMesh("n"), facemesh, FACE, lambda mesh: mesh.presence > 0.9),
        "centernet": Decoding(CenterNet("n"), centernet, WHOLE, _two_things),
        "silero_vad": Decoding(_silero(), silero, WHOLE, lambda voice: voice.speech > 0.5),
        "scrfd_10g": Decoding(Scrfd("n"), scrfd, WHOLE, _one_face),
        "mtcnn": Decoding(Mtcnn("n"), mtcnn, WHOLE, _one_face),
        "yolov8n": Decoding(YoloV8("n"), yolov8, WHOLE, _two_things),
    }


def outputs() -> Mapping[str, Any]:
    """One output of each live role."""
    known = decodings()
    models = {
        FACE_DETECTOR: "blazeface_full_range",
        FACE_MESH: "facemesh_attention",
        OBJECT_DETECTOR: "centernet",
        VAD: "silero_vad",
    }
    return {role: known[name].outputs(known[name].tensors(1))[0] for role, name in models.items()}


def blazeface(rows: int) -> Tensors:
    """Six anchors that agree on one face."""
    numbers, logits = np.zeros((rows, 2304, 16), np.float32), np.full((rows, 2304, 1), -9.0, np.float32)
    anchors = 20 * 48 + 24 + np.array([0, 1, 2, 48, 49, 50])
    logits[:, anchors, 0] = np.linspace(1.0, 3.0, len(anchors))
    numbers[:, anchors, 2:4] = 60
    numbers[:, anchors, 4:] = np.tile([-10, -10, 10, -10, 0, 0, 0, 10, -20, 0, 20, 0], (len(anchors), 1))
    return [numbers, logits]


def facemesh(rows: int) -> Tensors:
    """A face that looks ahead, its other landmarks anywhere in the region."""
    points = np.random.default_rng(1).uniform(0.25, 0.75, (478, 3)) * [1, 1, 0.1]
    for landmarks, place in LANDMARKS.items():
        points[list(landmarks)] = place
    flat = np.zeros((rows, sum(MESH_OUTPUTS)), np.float32)
    flat[:, COLUMNS.reshape(-1)] = points.T.reshape(-1) * 192
    return [*np.split(flat, np.cumsum(MESH_OUTPUTS)[:-1], axis=1), np.full((rows, 1), 20.0, np.float32)]


def centernet(rows: int) -> Tensors:
    """A person, whose peak is broad, and a phone."""
    scores, sides = np.full((rows, 128, 128, 80), 1e-6), np.full((rows, 128, 128, 4), 100, np.float32)
    down, across = np.mgrid[0:128, 0:128]
    for label, y, x, breadth in ((PERSON, 64, 60, 60.0), (PHONE, 90, 90, 4.0)):
        scores[..., COCO.index(label)] += 0.9 * np.exp(-((down - y) ** 2 + (across - x) ** 2) / breadth)
    logits: NDArray[np.float32] = np.log(scores / (1 - scores)).astype(np.float32)
    return [logits, logits.max(axis=3), sides]


def silero(rows: int) -> Tensors:
    """Speech."""
    return [np.full((rows, 1), 0.9, np.float32), np.zeros((2, rows, 128), np.float32)]


def scrfd(rows: int) -> Tensors:
    """Six anchors that agree on one face."""
    scores = np.zeros((rows, 16800, 1), np.float32)
    scores[:, 8000:8006, 0] = np.linspace(0.6, 0.9, 6)
    return [scores, np.full((rows, 16800, 4), 8, np.float32), np.ones((rows, 16800, 10), np.float32)]


def mtcnn(rows: int) -> Tensors:
    """Three candidates for one face."""
    owners = np.repeat(np.arange(rows, dtype=np.float32), 3)[:, None]
    boxes = np.tile(np.array([[200, 200, 300, 300]], np.float32), (len(owners), 1))
    scores, offsets = np.full((len(owners), 1), 0.9, np.float32), np.zeros((len(owners), 4), np.float32)
    return [owners, boxes, scores, offsets, np.full((len(owners), 10), 0.5, np.float32)]


def yolov8(rows: int) -> Tensors:
    """Six candidates for a person, three for a phone."""
    candidates = np.zeros((rows, 84, 8400), np.float32)
    for label, at, many, box in ((PERSON, 100, 6, (320, 320, 300, 500)), (PHONE, 300, 3, (500, 400, 40, 80))):
        candidates[:, :4, at : at + many] = np.array(box, np.float32)[:, None]
        candidates[:, 4 + COCO.index(label), at : at + many] = np.linspace(0.5, 0.9, many)
    return [candidates]


def _silero() -> Silero:
    model = Silero("n")
    model.reset(1000)
    return model


def _one_face(faces: Any) -> bool:
    return len(faces) == 1


def _two_things(things: Any) -> bool:
    return [thing.label for thing in things] == [PERSON, PHONE]
