"""What may change in a calm picture without anybody doing anything: light, noise, codecs, what is behind.

Each maker takes a picture's height and width and a seed, and gives a function of a shot and its second, which
gives the picture as it is then. What people wear is drawn by ``worn.py``.
"""

from collections.abc import Callable, Mapping
from math import pi, sin
from types import MappingProxyType
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Landmarks = NDArray[np.float64]


class Shot(NamedTuple):
    """A picture, BGR u8 ``[H, W, 3]``, and whom it shows: 478 landmarks as ``Mesh`` has them, x and y in
    pixels ``[478, 2]``; None where no face is known."""

    picture: Pixels
    face: Landmarks | None = None


Disturb = Callable[[Shot, float], Pixels]
Maker = Callable[[int, int, int], Disturb]

GRAINS = 8  # pictures of noise, in turn
FRAMES_PER_S = 15
WALL = 0.4  # of the picture's width, beside it


def plain(height: int, width: int, seed: int) -> Disturb:  # noqa: ARG001
    """The picture as it is."""
    return lambda shot, _: shot.picture


def noise(height: int, width: int, seed: int) -> Disturb:
    """A camera's grain, a standard deviation of 10 levels."""
    grains = _grains(height, width, 10.0, seed)
    return lambda shot, at_s: _grainy(shot.picture, grains, at_s)


def dark(height: int, width: int, seed: int) -> Disturb:
    """An evening room: a third of the light, and the grain that a camera adds to it."""
    grains = _grains(height, width, 6.0, seed)

    def darkened(shot: Shot, at_s: float) -> Pixels:
        return _grainy(cv2.convertScaleAbs(shot.picture, alpha=0.33, beta=6), grains, at_s)  # type: ignore[arg-type]

    return darkened


def light(height: int, width: int, seed: int) -> Disturb:  # noqa: ARG001
    """Clouds before the window, and a lamp that is switched every 20 s."""

    def lit(shot: Shot, at_s: float) -> Pixels:
        cloud = 1 + 0.2 * sin(2 * pi * at_s / 11) + 0.1 * sin(2 * pi * at_s / 3.1)
        lamp = 25 if at_s % 40 < 20 else 0
        warm = np.array([[0.9, 1.0, 1.08]]) if lamp else np.ones((1, 3))
        table = np.arange(256)[:, None] * cloud * warm + lamp
        return np.asarray(cv2.LUT(shot.picture, np.clip(table, 0, 255).astype(np.uint8)[:, None]), np.uint8)

    return lit


def compressed(height: int, width: int, seed: int) -> Disturb:  # noqa: ARG001
    """A poor line: half the resolution, and blocks."""

    def squeezed(shot: Shot, _: float) -> Pixels:
        small = cv2.resize(shot.picture, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        blocks = cv2.imdecode(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 25])[1], 1)
        assert blocks is not None
        return np.asarray(cv2.resize(blocks, (width, height)), np.uint8)

    return squeezed


def shaken(height: int, width: int, seed: int) -> Disturb:
    """A laptop on somebody's knees: a few pixels to and fro, and a degree of turn."""
    phase = seed % 7

    def moved(shot: Shot, at_s: float) -> Pixels:
        angle = 1.0 * sin(2 * pi * at_s / 2.3 + phase)
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.03)
        matrix[:, 2] += np.array([4 * sin(2 * pi * at_s / 1.7), 3 * sin(2 * pi * at_s / 0.9)])
        return np.asarray(
            cv2.warpAffine(shot.picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8
        )

    return moved


def mirrored(height: int, width: int, seed: int) -> Disturb:  # noqa: ARG001
    """As many cameras show their owner."""
    return lambda shot, _: np.ascontiguousarray(shot.picture[:, ::-1])


def curtain(height: int, width: int, seed: int) -> Disturb:  # noqa: ARG001
    """A wall beside the person, with a curtain that the wind moves."""
    wide = _wall_width(width)
    across = np.arange(wide)[None]
    down = np.linspace(0, 1, height)[:, None]

    def blown(shot: Shot, at_s: float) -> Pixels:
        folds = np.sin(across / 9 + 2.5 * down * np.sin(2 * pi * at_s / 4) + at_s)
        level = 130 + 55 * folds + 20 * np.sin(2 * pi * at_s / 7)
        strip = np.clip(level[..., None] * [0.75, 0.85, 1.0], 0, 255).astype(np.uint8)
        return np.hstack([shot.picture, strip])

    return blown


def poster_of(face: Pixels) -> Maker:
    """A wall beside the person, on which a picture of somebody hangs."""

    def poster(height: int, width: int, seed: int) -> Disturb:  # noqa: ARG001
        wide = _wall_width(width)
        wall = np.full((height, wide, 3), (170, 180, 185), np.uint8)
        side = min(int(0.75 * wide), height // 2) // 2 * 2
        left, top = (wide - side) // 2, height // 6
        wall[top : top + side, left : left + side] = cv2.resize(face, (side, side))
        return lambda shot, _: np.hstack([shot.picture, wall])

    return poster


STILL: Mapping[str, Maker] = MappingProxyType(
    {
        "plain": plain,
        "noise": noise,
        "dark": dark,
        "light": light,
        "compressed": compressed,
        "shaken": shaken,
        "mirrored": mirrored,
        "curtain": curtain,
    }
)
"""All but the poster, which needs somebody's picture, and what is worn."""


def _wall_width(width: int) -> int:
    return int(WALL * width) // 2 * 2


def _grains(height: int, width: int, deviation: float, seed: int) -> list[NDArray[np.int16]]:
    random = np.random.default_rng(seed)
    return [random.normal(0, deviation, (height, width, 1)).astype(np.int16) for _ in range(GRAINS)]


def _grainy(picture: Pixels, grains: list[NDArray[np.int16]], at_s: float) -> Pixels:
    grain = grains[round(at_s * FRAMES_PER_S) % GRAINS]
    return np.asarray(np.clip(picture.astype(np.int16) + grain, 0, 255), np.uint8)
