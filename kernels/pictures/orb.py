"""ORB: corners of a picture and what surrounds them, to tell whether another picture shows the same place.

Rublee et al., "ORB: an efficient alternative to SIFT or SURF", ICCV 2011; OpenCV's. Two pictures of a place
share many corners whose descriptors agree and whose positions agree on one homography.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import BadFeatures

MOST = 1000
SMALLEST = 64  # pixels of a side; OpenCV looks for corners 31 pixels from the edge and further in
LONGER_SIDE = 960  # pixels; larger pictures are scaled down, as corners of noise tell nothing
DESCRIPTOR = 32  # bytes
DISTINCT = 0.75  # Lowe's ratio: the best match must be so much nearer than the second best
REPROJECTION = 4.0  # pixels of the scaled picture that a corner may be off
RANSAC_ITERATIONS = 2000
FEWEST = 4  # a homography has eight unknowns


class Features(NamedTuple):
    """``points`` f32 ``[N, 2]`` in pixels of the picture, scaled down; ``descriptors`` u8 ``[N, 32]``."""

    points: NDArray[np.float32]
    descriptors: NDArray[np.uint8]


NONE = Features(np.empty((0, 2), np.float32), np.empty((0, DESCRIPTOR), np.uint8))


class Likeness(NamedTuple):
    """``inliers`` of ``candidates`` matched corners agree on one homography; ``similarity`` is in 0..1.

    The similarity is the part of the corners of the picture with fewer of them that was found in the other.
    """

    inliers: int
    candidates: int
    similarity: float


def features(bgr: NDArray[np.uint8]) -> Features:
    """The most distinct corners of u8 ``[H, W, 3]``, up to a thousand; a plain wall has none."""
    scale = min(1.0, LONGER_SIDE / max(bgr.shape[:2]))
    size = round(bgr.shape[1] * scale), round(bgr.shape[0] * scale)
    if min(size) < SMALLEST:
        return NONE
    grey = cv2.resize(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), size, interpolation=cv2.INTER_AREA)
    corners, descriptors = cv2.ORB.create(MOST).detectAndCompute(grey, None)
    if descriptors is None:
        return NONE
    # Where several are equally good, OpenCV returns more than it was asked for.
    points = np.array([corner.pt for corner in corners[:MOST]], np.float32)
    return Features(points, np.asarray(descriptors[:MOST], np.uint8))


def compare(one: Features, other: Features) -> Likeness:
    """How much of one picture is in the other."""
    fewer = min(len(one.points), len(other.points))
    if fewer < FEWEST:
        return Likeness(0, 0, 0.0)
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(one.descriptors, other.descriptors, k=2)
    good = [best for best, second in pairs if best.distance < DISTINCT * second.distance]
    if len(good) < FEWEST:
        return Likeness(0, len(good), 0.0)
    _, inlying = cv2.findHomography(
        one.points[[match.queryIdx for match in good]],
        other.points[[match.trainIdx for match in good]],
        cv2.RANSAC,
        REPROJECTION,
        maxIters=RANSAC_ITERATIONS,
    )
    inliers = 0 if inlying is None else int(inlying.sum())
    return Likeness(inliers, len(good), min(1.0, inliers / fewer))


def pack(found: Features) -> bytes:
    """Little-endian, 40 bytes a corner: x and y f32, then the descriptor::

    [ x y | 32 bytes ] [ x y | 32 bytes ] …
    """
    rows = np.hstack([found.points.astype("<f4").view(np.uint8).reshape(-1, 8), found.descriptors])
    return rows.tobytes()


def unpack(data: bytes) -> Features:
    """What ``pack`` made.

    Raises:
        BadFeatures: the bytes are none, or more than it makes.
    """
    if len(data) % (8 + DESCRIPTOR) or len(data) > MOST * (8 + DESCRIPTOR):
        raise BadFeatures(f"{len(data)} bytes are no packed corners")
    rows = np.frombuffer(data, np.uint8).reshape(-1, 8 + DESCRIPTOR)
    points = np.ascontiguousarray(rows[:, :8]).view("<f4")
    if not np.isfinite(points).all():
        raise BadFeatures("a corner lies nowhere")
    return Features(points.astype(np.float32), np.ascontiguousarray(rows[:, 8:]))
