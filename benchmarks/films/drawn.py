"""Drawn films: a still room before a noisy camera, and people in it, whose coming and going is known."""

from collections.abc import Callable, Iterator, Mapping
from math import pi, sin
from types import MappingProxyType
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT, FPS = 640, 480, 15
NOISE = 2.0  # standard deviation of a pixel, in levels
PORTRAIT, SHOWN = 512, 300  # the side of a person's picture, as it is and as it is drawn, in pixels
EDGE = 24  # of a person's picture that are blended with the room, in its pixels
LEFT, MIDDLE, RIGHT = 190.0, 320.0, 480.0  # where somebody sits
ENTERING_S = 1.0

Pixels = NDArray[np.uint8]
Frame = tuple[float, list[Pixels]]
"""Media seconds, and I420 planes."""


class Person(NamedTuple):
    """Where somebody's picture has its middle, in pixels, and how large it is beside ``SHOWN``."""

    x: float
    y: float = 300.0
    scale: float = 1.0


Scene = Callable[[float], list[Person]]
"""From a film's time, 0..1, and not from its seconds alone: who is where."""


def empty(_: float) -> list[Person]:
    """Nobody."""
    return []


def calm(at_s: float) -> list[Person]:
    """Somebody who sits before a screen."""
    return [Person(MIDDLE + 2 * sin(at_s * pi / 2), 300 + sin(at_s * 1.3))]


def lively(at_s: float) -> list[Person]:
    """Somebody who moves about, to and from the camera as well."""
    return [Person(MIDDLE + 70 * sin(1.9 * at_s), 300 + 15 * sin(2.7 * at_s), 1 + 0.15 * sin(1.1 * at_s))]


def company(at_s: float) -> list[Person]:
    """In turns of 36 s: one person, a second one who comes and goes, then nobody, then one person again."""
    phase = at_s % 36
    first = [Person(LEFT + 2 * sin(at_s * pi / 2))]
    if 26 <= phase < 31:
        return []
    if not 15 <= phase < 23:
        return first
    inside = min(phase - 15, 23 - phase, ENTERING_S) / ENTERING_S
    return [*first, Person(WIDTH + 160 + inside * (RIGHT - WIDTH - 160), 290 + 2 * sin(at_s))]


SCENES: Mapping[str, Scene] = MappingProxyType(
    {"empty": empty, "calm": calm, "lively": lively, "two": company}
)


def film(portrait: Pixels, scene: Scene, seconds: float) -> Iterator[Frame]:
    """The scene with this person, BGR u8 ``[512, 512, 3]``, and the same in a mirror as the second one."""
    random = np.random.default_rng(1)
    noises = [random.normal(0, NOISE, (HEIGHT, WIDTH, 1)).astype(np.float32) for _ in range(FPS)]
    person, empty_room = portrait.astype(np.float32), room()
    for number in range(round(seconds * FPS)):
        picture = empty_room.copy()
        for there, look in zip(scene(number / FPS), (person, person[:, ::-1]), strict=False):
            _draw(picture, look, there)
        seen = np.clip(picture + noises[number % FPS], 0, 255).astype(np.uint8)
        yield number / FPS, planes(seen)


def room() -> NDArray[np.float32]:
    """A wall in the light of a window, and a desk: f32 BGR ``[HEIGHT, WIDTH, 3]``."""
    down, across = np.linspace(0, 1, HEIGHT)[:, None], np.linspace(0, 1, WIDTH)[None]
    light = (150 + 40 * across - 50 * down)[..., None]
    desk = (down > 0.8)[..., None]
    return np.where(desk, light * [0.3, 0.4, 0.55], light * [0.9, 0.97, 1.0]).astype(np.float32)


def planes(bgr: Pixels) -> list[Pixels]:
    """As I420."""
    height, width = bgr.shape[:2]
    packed = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420), np.uint8).reshape(-1)
    luma, blue, red = np.split(packed, [height * width, height * width * 5 // 4])
    return [luma.reshape(height, -1), blue.reshape(height // 2, -1), red.reshape(height // 2, -1)]


def _draw(picture: NDArray[np.float32], person: NDArray[np.float32], there: Person) -> None:
    step = SHOWN * there.scale / PORTRAIT
    corner_x, corner_y = there.x - step * PORTRAIT / 2, there.y - step * PORTRAIT / 2
    matrix = np.array([[step, 0, corner_x], [0, step, corner_y]])
    fading = np.minimum(np.arange(PORTRAIT), np.arange(PORTRAIT)[::-1]) / EDGE
    mask = np.clip(np.minimum.outer(fading, fading), 0, 1).astype(np.float32)
    shown = cv2.warpAffine(np.ascontiguousarray(person), matrix, (WIDTH, HEIGHT))
    picture += cv2.warpAffine(mask, matrix, (WIDTH, HEIGHT))[..., None] * (shown - picture)
