"""What people wear or do that accuses nobody, drawn onto their faces: glasses, headphones, a hand on the ear.

Landmarks are numbered as MediaPipe's; a unit is the distance of the eyes' outer corners. A drawn thing moves
with the head. It hides what a real one would, but has neither its texture nor its shadow.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from argusd.scheduler.models.faces.face_geometry import (
    CHIN,
    FOREHEAD,
    LEFT,
    LEFT_SIDE,
    OUTER_CORNERS,
    RIGHT,
    RIGHT_SIDE,
    Eye,
)

from .disturbances import Disturb, Landmarks, Maker, Pixels, Shot

_, TEMPLES, EARS = zip(RIGHT_SIDE, LEFT_SIDE, strict=True)  # right and left
LEFT_CHEEK = 425
FRAME, PLASTIC, GLARE = (35, 30, 30), (45, 42, 40), (250, 245, 240)

Point = NDArray[np.float64]
Box = tuple[tuple[float, float], tuple[float, float], float]


class Head:
    """A face's own axes, ``unit`` pixels long: to the picture's ``right``, and ``down`` to the chin."""

    def __init__(self, face: Landmarks) -> None:
        self.face = face
        self.right = face[OUTER_CORNERS[1]] - face[OUTER_CORNERS[0]]
        self.unit = float(np.hypot(*self.right))
        self.down = np.array([-self.right[1], self.right[0]])
        self.angle = float(np.degrees(np.arctan2(self.right[1], self.right[0])))

    def middle(self, eye: Eye) -> Point:
        """Of an eye's corners, and the middles of both lids."""
        middle: Point = self.face[[*eye.corners, eye.upper[1], eye.lower[1]]].mean(axis=0)
        return middle

    def pixels(self, units: float) -> int:
        """So many units, one pixel at least."""
        return max(1, round(units * self.unit))


def glasses(picture: Pixels, head: Head) -> None:
    """Dark rims and temples, and a window that both lenses reflect."""
    lenses = [head.middle(RIGHT), head.middle(LEFT)]
    glare = picture.copy()
    for lens in lenses:
        corner = lens - 0.14 * head.right - 0.08 * head.down
        cv2.ellipse(glare, _box(corner, head, 0.14, 0.1), GLARE, cv2.FILLED, cv2.LINE_AA)
    cv2.addWeighted(glare, 0.6, picture, 0.4, 0, picture)
    for lens, temple, side in zip(lenses, TEMPLES, (-1, 1), strict=True):
        cv2.ellipse(picture, _box(lens, head, 0.46, 0.36), FRAME, head.pixels(0.04), cv2.LINE_AA)
        _stroke(picture, head, lens + side * 0.23 * head.right, head.face[temple], 0.04, FRAME)
    _stroke(picture, head, lenses[0] + 0.23 * head.right, lenses[1] - 0.23 * head.right, 0.04, FRAME)


def headphones(picture: Pixels, head: Head) -> None:
    """Closed cups over both ears, and the band above the head."""
    cups = [head.face[EARS[0]] - 0.04 * head.right, head.face[EARS[1]] + 0.04 * head.right]
    middle, across = (cups[0] + cups[1]) / 2, float(np.hypot(*(cups[1] - cups[0])))
    above = float(np.hypot(*(head.face[FOREHEAD] - head.face[CHIN]))) * 0.8
    size = (round(across / 2), round(above))
    cv2.ellipse(picture, _pixel(middle), size, head.angle, 180, 360, PLASTIC, head.pixels(0.12), cv2.LINE_AA)
    for cup in cups:
        cv2.ellipse(picture, _box(cup, head, 0.3, 0.6), PLASTIC, cv2.FILLED, cv2.LINE_AA)


def hand_on_ear(picture: Pixels, head: Head) -> None:
    """A hand in the colour of the cheek, its arm from below."""
    skin = _colour_at(picture, head.face[LEFT_CHEEK], head.pixels(0.1))
    shade = tuple(0.7 * each for each in skin)
    palm = head.face[EARS[1]] + 0.2 * head.right + 0.35 * head.down
    _stroke(picture, head, palm, palm + 1.2 * head.right + 6 * head.down, 0.5, skin)
    cv2.ellipse(picture, _box(palm, head, 0.6, 0.8), skin, cv2.FILLED, cv2.LINE_AA)
    for finger in range(4):
        root = palm + (0.15 * finger - 0.25) * head.right - 0.2 * head.down
        tip = root - (0.75 - 0.08 * abs(finger - 1)) * head.down - 0.05 * head.right
        _stroke(picture, head, root, tip, 0.17, shade)
        _stroke(picture, head, root, tip, 0.14, skin)


def _box(middle: Point, head: Head, width: float, height: float) -> Box:
    """A box of so many units around a point, turned with the head, as OpenCV takes it."""
    return (float(middle[0]), float(middle[1])), (width * head.unit, height * head.unit), head.angle


def _stroke(
    picture: Pixels, head: Head, begin: Point, end: Point, width: float, colour: tuple[float, ...]
) -> None:
    cv2.line(picture, _pixel(begin), _pixel(end), colour, head.pixels(width), cv2.LINE_AA)


def _pixel(point: Point) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))


def _colour_at(picture: Pixels, point: Point, around: int) -> tuple[float, ...]:
    """The mean colour about a point; the nearest of the picture where that is outside."""
    height, width = picture.shape[:2]
    x, y = (min(max(at, 0), side - 1) for at, side in zip(_pixel(point), (width, height), strict=True))
    area = picture[max(0, y - around) : y + around + 1, max(0, x - around) : x + around + 1]
    return tuple(float(each) for each in area.mean(axis=(0, 1)))


def worn(put_on: Callable[[Pixels, Head], None]) -> Maker:
    """Somebody who wears this, as long as their face is known."""

    def make(height: int, width: int, seed: int) -> Disturb:  # noqa: ARG001
        def dressed(shot: Shot, _: float) -> Pixels:
            if shot.face is None:
                return shot.picture
            picture = shot.picture.copy()
            put_on(picture, Head(shot.face))
            return picture

        return dressed

    return make


WORN: Mapping[str, Maker] = MappingProxyType(
    {"glasses": worn(glasses), "headphones": worn(headphones), "hand on ear": worn(hand_on_ear)}
)
