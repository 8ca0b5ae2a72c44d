"""What models give to streams. All coordinates are frame pixels, x to the right and y down."""

from math import atan2
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Box(NamedTuple):
    """An upright rectangle; it may reach beyond the frame."""

    left: float
    top: float
    right: float
    bottom: float

    def iou(self, other: "Box") -> float:
        """Intersection over union; 0 where both are empty."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        shared = width * height if width > 0 and height > 0 else 0.0
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0

    @property
    def area(self) -> float:
        """0 for a box that is turned inside out."""
        return max(0.0, self.right - self.left) * max(0.0, self.bottom - self.top)

    @property
    def middle(self) -> tuple[float, float]:
        """x and y."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def longer_side(self) -> float:
        """The greater of width and height."""
        return max(self.right - self.left, self.bottom - self.top)

    def holds(self, x: float, y: float) -> bool:
        """Whether a point is inside, or on an edge."""
        return self.left <= x <= self.right and self.top <= y <= self.bottom

    def in_unit(self, width: int, height: int) -> list[float]:
        """Left, top, right, bottom in 0..1 of the frame, cut at its edges."""
        return [
            round(min(1.0, max(0.0, value)), 4)
            for value in (self.left / width, self.top / height, self.right / width, self.bottom / height)
        ]


class Face(NamedTuple):
    """A detected face.

    ``keypoints``: the person's right eye, left eye, nose tip, and the mouth: f64 ``[4, 2]`` where the
    detector gives its middle, ``[5, 2]`` where it gives its right and its left corner.
    """

    box: Box
    keypoints: NDArray[np.float64]
    score: float

    @property
    def tilt(self) -> float:
        """How far the line from the right to the left eye is turned clockwise, in radians."""
        (right_x, right_y), (left_x, left_y) = self.keypoints[:2].tolist()
        return atan2(left_y - right_y, left_x - right_x)


CLOSED = 0.15  # lid distance over eye width: about 0.27 open, below this closed (after Soukupová, Čech, 2016)


class Gaze(NamedTuple):
    """Where the eyes look, relative to the head, in half eye widths: x > 0 to the person's left, y > 0 down.

    ``x``: how far the irises moved; ``y``: how far they and the upper lids did, see ``face_geometry.py``.
    ``open``: distance of the lids over the eye's width. ``width``: an eye's, in frame pixels.
    """

    x: float
    y: float
    open: float
    width: float

    @property
    def blink(self) -> bool:
        """Lids low or closed; x means nothing then, y only where they stay low and don't meet."""
        return self.open < CLOSED


class HeadPose(NamedTuple):
    """Degrees, all 0 for a head that faces the camera upright.

    yaw > 0: turned to the person's left. pitch > 0: raised. roll > 0: tilted to the person's left shoulder.
    """

    yaw: float
    pitch: float
    roll: float


class Mesh(NamedTuple):
    """478 landmarks of one face, f64 ``[478, 3]``, numbered as MediaPipe's, and what they say of it.

    z has the unit of x, grows away from the camera, and is 0 near the head's centre.
    ``presence`` (0..1): how surely the region held a face at all. ``mouth_open``: the gap between the inner
    lips, in distances of the eyes' outer corners. ``tilt``: how far the line between these is turned
    clockwise, in radians. ``keypoints``: both eyes, nose tip and mouth's corners, f64 ``[5, 2]``.
    ``light`` (0..1): how bright the face was.
    """

    points: NDArray[np.float64]
    presence: float
    box: Box
    gaze: Gaze
    pose: HeadPose
    mouth_open: float
    tilt: float
    keypoints: NDArray[np.float64]
    light: float = 1.0


class FaceEmbedding(NamedTuple):
    """A face as f32 ``[N]`` of length 1; two of one person have a cosine of ``threshold`` or more.

    ``model``: who made it, with a version where it has made others; only embeddings by one can be compared.
    ``quality`` 0..1: how probably such a look has that cosine with a good one of the same person: a blurred,
    small, dark or covered face seldom has. None: the model does not tell.
    """

    vector: NDArray[np.float32]
    threshold: float
    model: str
    quality: float | None = None


PERSON, PHONE = "person", "cell phone"  # of a thing's labels
TOLD = 0.3  # a thing of which a detector is less sure is told to nobody; it says where to look again


class Thing(NamedTuple):
    """A detected object; ``label`` is a COCO name."""

    label: str
    score: float
    box: Box


class VoiceActivity(NamedTuple):
    """What one window held: ``speech`` 0..1, and its level as root mean square, 1 being full scale."""

    speech: float
    rms: float


class VoicePrint(NamedTuple):
    """Whose voice a window holds: ``embedding`` f32 ``[size]`` of length 1, zeros where nothing was heard.

    ``likeness``: windows of one voice have at least this cosine with what was learnt of it before.
    ``model``: who made it; only embeddings by one model can be compared.
    ``parted``: means of some windows each have at least this cosine where one person speaks; 0: not measured.
    """

    embedding: NDArray[np.float32]
    likeness: float
    model: str
    parted: float = 0.0


ZONE_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<"  # of machine-readable zones


class TextBlock(NamedTuple):
    """A piece of a line.

    ``corners`` f64 ``[4, 2]`` in the picture's pixels, clockwise from the text's own upper left. ``upright``:
    where it lies on the page once that is turned so that its lines run from left to right. ``steps``: f32
    ``[T, 1 + len(ZONE_ALPHABET)]``, how likely at each step from left to right nothing (column 0) or each of
    these characters is, where the reader tells; of a character every step belongs to the same column.
    """

    text: str
    confidence: float
    corners: NDArray[np.float64]
    upright: Box
    steps: NDArray[np.float32] | None = None


class SpokenPart(NamedTuple):
    """``speaker`` (SPEAKER_00, …) speaks from ``start_s`` to ``end_s``."""

    speaker: str
    start_s: float
    end_s: float


class SeenMouth(NamedTuple):
    """What was seen of a mouth while a window of sound was heard; times are seconds since the window began.

    ``openings`` f64 ``[n]`` at ``times``: the gap between the lips, in distances of the eyes' outer corners.
    ``crops`` u8 ``[m, 48, 96, 3]`` at ``crop_times``: the lower half of the face, none where no model asks.
    """

    times: NDArray[np.float64]
    openings: NDArray[np.float64]
    crop_times: NDArray[np.float64]
    crops: NDArray[np.uint8]


class LagCurve(NamedTuple):
    """How alike a mouth and a voice are at every lag: f64 ``[31]`` in −1..1, see ``lag_search.py``.

    A peak below ``threshold`` means nothing; over many curves, each of ``lasts_s`` seconds of the mouth,
    chance averages out, and less is enough, but never less than ``settled``.
    """

    likeness: NDArray[np.float64]
    threshold: float
    settled: float
    lasts_s: float


class SyncEstimate(NamedTuple):
    """How far a voice and a mouth are apart. ``offset_ms`` is positive where sound is late.

    ``score`` 0..1: how alike they are as they come, give or take what nobody notices. ``peak``: how alike at
    ``offset_ms``.
    """

    offset_ms: float
    score: float
    peak: float


MAX_LOGIT = 80.0  # keeps exp() finite; the probability is 0 or 1 long before


def probabilities(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """The logistic function."""
    exact: NDArray[np.float64] = np.clip(logits.astype(np.float64), -MAX_LOGIT, MAX_LOGIT)
    return np.asarray(1 / (1 + np.exp(-exact)), np.float64)


def unit_rows(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    """Scale each row of ``[B, N]`` to length 1; zeros stay zeros."""
    exact: NDArray[np.float64] = rows.astype(np.float64)
    lengths = np.maximum(np.linalg.norm(exact, axis=1, keepdims=True), np.finfo(np.float64).tiny)
    return np.asarray(exact / lengths, np.float32)
