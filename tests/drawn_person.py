"""A drawn person before a drawn wall: for pictures in documents, which show nobody who lives.

Models of faces see a face in it, with eyes that look somewhere.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from argusd.daemon.demo.scenes import HEIGHT, WIDTH, empty_room

Picture = NDArray[np.uint8]
Colour = tuple[float, float, float]

FINER = 4  # drawn so many times larger, for smooth edges
SKIN, SHADE, LIPS, HAIR, SHIRT = (226, 178, 148), (196, 142, 116), (178, 92, 88), (64, 44, 36), (58, 82, 112)
WHITE, IRIS, DARK = (244, 240, 236), (88, 122, 96), (26, 20, 20)
MIDDLE = (WIDTH / 2, 205)
BREATH_PX, BREATH_S = 3.0, 4.0


def person(aside: float = 0.0) -> Picture:
    """RGB u8 ``[HEIGHT, WIDTH, 3]``. ``aside``: where the eyes look, from -1 (the picture's left) to 1."""
    canvas = cv2.resize(empty_room(0.0), None, fx=FINER, fy=FINER, interpolation=cv2.INTER_LINEAR)
    drawing = _Drawing(np.asarray(canvas, np.uint8))
    _body(drawing)
    _head(drawing)
    for side in (-1, 1):
        _eye(drawing, side, aside)
    _nose_and_mouth(drawing)
    smooth = cv2.GaussianBlur(canvas, (0, 0), FINER * 0.7)
    return np.asarray(cv2.resize(smooth, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


def breathing(still: Picture, at_s: float) -> Picture:
    """The picture a little lower or higher, as before a camera that nothing holds quite steady."""
    down = BREATH_PX * np.sin(2 * np.pi * at_s / BREATH_S)
    shift = np.array([[1.0, 0, 0], [0, 1.0, down]])
    moved = cv2.warpAffine(still, shift, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


class _Drawing:
    """Shapes around the face's middle; x to the right and y down, in pixels of the picture."""

    def __init__(self, canvas: Picture) -> None:
        self._canvas = canvas

    def oval(
        self, x: float, y: float, width: float, height: float, colour: Colour, turn: float = 0.0
    ) -> None:
        """A filled ellipse with these half axes."""
        axes = (round(width * FINER), round(height * FINER))
        cv2.ellipse(self._canvas, self._at(x, y), axes, turn, 0, 360, colour, -1, cv2.LINE_AA)

    def arc(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        colour: Colour,
        thick: float,
        ends: tuple[int, int],
    ) -> None:
        """A part of an ellipse's edge, between two angles."""
        axes = (round(width * FINER), round(height * FINER))
        cv2.ellipse(self._canvas, self._at(x, y), axes, 0, *ends, colour, round(thick * FINER), cv2.LINE_AA)

    def soft(self, x: float, y: float, width: float, height: float, colour: Colour, strength: float) -> None:
        """A filled ellipse that fades towards its edge."""
        (left, top), (wide, high) = self._at(x, y), (width * FINER, height * FINER)
        rows, columns = np.ogrid[: self._canvas.shape[0], : self._canvas.shape[1]]
        far = ((columns - left) / wide) ** 2 + ((rows - top) / high) ** 2
        share = (strength * np.clip(1 - far, 0, 1))[..., np.newaxis]
        self._canvas[:] = np.asarray(self._canvas * (1 - share) + np.array(colour) * share, np.uint8)

    def _at(self, x: float, y: float) -> tuple[int, int]:
        return round((MIDDLE[0] + x) * FINER), round((MIDDLE[1] + y) * FINER)


def _body(drawing: _Drawing) -> None:
    drawing.oval(0, 300, 185, 150, SHIRT)
    drawing.oval(0, 130, 42, 70, SHADE)
    drawing.oval(0, 172, 58, 26, SHADE)


def _head(drawing: _Drawing) -> None:
    drawing.oval(0, -28, 108, 118, HAIR)
    for side in (-1, 1):
        drawing.oval(side * 93, 8, 12, 24, SHADE)
    drawing.oval(0, 8, 92, 122, SKIN)
    drawing.soft(0, 104, 56, 24, SHADE, 0.8)
    for side in (-1, 1):
        drawing.soft(side * 66, 14, 24, 84, SHADE, 0.6)
        drawing.soft(side * 50, 46, 26, 22, (232, 150, 130), 0.5)
    drawing.oval(0, -104, 84, 42, HAIR)
    drawing.soft(0, -50, 62, 28, (240, 198, 170), 0.7)


def _eye(drawing: _Drawing, side: int, aside: float) -> None:
    x, y = side * 37, -12
    drawing.soft(x, y, 30, 22, SHADE, 0.7)
    drawing.oval(x, y, 19, 10.5, WHITE)
    iris = x + 8 * aside
    drawing.oval(iris, y, 9.5, 9.5, IRIS)
    drawing.oval(iris, y, 4.5, 4.5, DARK)
    drawing.oval(iris + 3, y - 3, 2, 2, (255, 255, 255))
    drawing.arc(x, y + 1, 20, 12, DARK, 2.6, (190, 350))
    drawing.arc(x, y - 1, 19, 11, SHADE, 1.6, (20, 160))
    drawing.arc(x, y - 16, 26, 12, HAIR, 6, (205, 335))


def _nose_and_mouth(drawing: _Drawing) -> None:
    drawing.soft(8, 14, 10, 40, SHADE, 0.7)
    drawing.soft(-2, 24, 8, 34, (242, 202, 176), 0.7)
    drawing.soft(0, 46, 24, 14, SHADE, 0.9)
    for side in (-1, 1):
        drawing.oval(side * 9, 49, 4.5, 3, (120, 72, 62))
    drawing.oval(0, 77, 30, 7, LIPS)
    drawing.oval(0, 83, 24, 8, (196, 112, 106))
    drawing.arc(0, 74, 31, 8, (110, 52, 52), 2, (15, 165))
    drawing.soft(0, 98, 26, 8, SHADE, 0.7)
