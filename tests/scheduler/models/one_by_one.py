"""What models' decodes do for a batch, written down for one row, one box and one landmark after the other."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from argusd.kernels.pictures.picture import Square, affine
from argusd.scheduler.core import Roi
from argusd.scheduler.models.faces.face_geometry import (
    CHIN,
    FOREHEAD,
    LEFT,
    LEFT_SIDE,
    LOWER_LIP,
    OUTER_CORNERS,
    REST_IRIS,
    REST_LOWER,
    REST_UPPER,
    RIGHT,
    RIGHT_SIDE,
    UPPER_LIP,
)
from argusd.scheduler.models.objects.centernet import MIN_SCORE, MOST, SAME_THING, SAME_TOP, SIZE, STRIDE
from argusd.scheduler.models.objects.coco import COCO

Box = tuple[float, float, float, float]


def to_frame(points: NDArray[Any], roi: Roi) -> NDArray[np.float64]:
    """Points ``[..., 2]`` in 0..1 of the region, to frame pixels."""
    matrix = affine(Square(*roi), 1)
    return np.asarray((points - 0.5) @ matrix[:, :2].T + matrix[:, 2], np.float64)


def iou(box: Box, other: Box) -> float:
    """Intersection over union."""

    def area(left: float, top: float, right: float, bottom: float) -> float:
        return max(0.0, right - left) * max(0.0, bottom - top)

    shared = area(
        *(max(pair) for pair in zip(box[:2], other[:2], strict=True)),
        *(min(pair) for pair in zip(box[2:], other[2:], strict=True)),
    )
    union = area(*box) + area(*other) - shared
    return shared / union if union > 0 else 0.0


def weighted_nms(
    values: NDArray[np.float64], scores: NDArray[np.float64], overlap: float
) -> list[tuple[NDArray[np.float64], float]]:
    """The mean of each cluster, weighted by score, and its best score; best first."""
    left = sorted(range(len(scores)), key=lambda at: -scores[at])
    found = []
    while left:
        best = left[0]
        together = [
            at for at in left if at == best or iou(tuple(values[best, :4]), tuple(values[at, :4])) >= overlap
        ]
        found.append((np.average(values[together], axis=0, weights=scores[together]), float(scores[best])))
        left = [at for at in left if at not in together]
    return found


def suppress(boxes: list[Box], classes: list[int], overlap: float) -> list[int]:
    """Which boxes, best first, overlap no better one of their class."""
    kept: list[int] = []
    for at, box in enumerate(boxes):
        if not any(classes[at] == classes[one] and iou(box, boxes[one]) >= overlap for one in kept):
            kept.append(at)
    return kept


def head(points: NDArray[np.float64]) -> dict[str, float]:
    """Pose in degrees, gaze of both eyes and the mouth's opening, of landmarks ``[478, 3]``."""
    across = points[list(LEFT_SIDE)].mean(axis=0) - points[list(RIGHT_SIDE)].mean(axis=0)
    across /= np.linalg.norm(across)
    down = points[CHIN] - points[FOREHEAD]
    down = down - across * (across @ down)
    down /= np.linalg.norm(down)
    axes = np.stack([across, down, np.cross(across, down)])
    forward, in_head = -axes[2], points @ axes.T
    eyes = []
    for eye in (RIGHT, LEFT):
        first, second = in_head[list(eye.corners), :2]
        width = np.linalg.norm(second - first)
        iris, upper, lower = (
            (in_head[list(points), :2].mean(axis=0) - (first + second) / 2) / (width / 2)
            for points in ((eye.iris,), eye.upper, eye.lower)
        )
        down = (iris[1] - REST_IRIS) + (upper[1] - REST_UPPER) + min(0, lower[1] - REST_LOWER)
        eyes.append([iris[0], down, np.linalg.norm(lower - upper) / 2, width])
    lips = np.linalg.norm(points[list(UPPER_LIP)] - points[list(LOWER_LIP)], axis=1).mean()
    apart = points[OUTER_CORNERS[1]] - points[OUTER_CORNERS[0]]
    return {
        "yaw": float(np.degrees(np.arctan2(forward[0], -forward[2]))),
        "pitch": float(np.degrees(np.arcsin(-forward[1]))),
        "roll": float(np.degrees(np.arctan2(across[1], across[0]))),
        **dict(zip(("x", "y", "open", "width"), np.mean(eyes, axis=0).tolist(), strict=True)),
        "mouth_open": float(lips / np.linalg.norm(apart)),
        "tilt": float(np.arctan2(apart[1], apart[0])),
    }


def things(scores: NDArray[Any], sides: NDArray[Any], roi: Roi) -> list[tuple[str, float, Box]]:
    """CenterNet's objects of one row ``[128, 128, 80]``: label, score and box in the frame, best first."""
    padded = np.pad(scores, ((1, 1), (1, 1), (0, 0)), "edge")
    peaks = [
        (line, column, label)
        for line, column, label in zip(*np.nonzero(scores >= MIN_SCORE), strict=True)
        if scores[line, column, label] == padded[line : line + 3, column : column + 3, label].max()
    ]
    peaks = sorted(peaks, key=lambda peak: -scores[peak])[:MOST]
    best = {peak: float(scores[peak]) for peak in peaks}
    box = {peak: _box(STRIDE * np.array([peak[1], peak[0]]), sides[peak[:2]]) for peak in peaks}
    size = {peak: high - low for peak, (low, high) in box.items()}

    def top_of(peak: tuple[int, int, int]) -> tuple[int, int, int]:
        near = [
            other
            for other in peaks
            if other[2] == peak[2]
            and all(
                STRIDE * abs(other[1 - axis] - peak[1 - axis]) <= SAME_TOP * size[other][axis]
                for axis in (0, 1)
            )
        ]
        return max(near, key=lambda other: float(size[other].prod()))

    tops = {peak: top_of(peak) for peak in peaks}
    for peak, top in tops.items():
        best[top] = max(best[top], float(scores[peak]))
    own = sorted((peak for peak in peaks if tops[peak] == peak), key=lambda peak: -best[peak])
    corners: list[Box] = []
    for peak in own:
        left, upper, right, lower = to_frame(box[peak] / SIZE, roi).ravel().tolist()
        corners.append((left, upper, right, lower))
    kept = suppress(corners, [label for _, _, label in own], SAME_THING)
    return [(COCO[own[at][2]], best[own[at]], corners[at]) for at in kept]


def _box(center: NDArray[np.integer], sides: NDArray[Any]) -> NDArray[np.float64]:
    """Its two corners, given how far it is from a point to the left, upper, right and lower side."""
    return np.stack([center - sides[:2].astype(np.float64), center + sides[2:]])
