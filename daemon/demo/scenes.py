"""The sample clip's storyboard: which scene is when, where somebody speaks, and how each scene is drawn.

Everything is drawn from one portrait (scikit-image's astronaut, 512×512), so that what the daemon is to find
is known: one face, two faces and two people, nobody, one face again.
"""

from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

WIDTH, HEIGHT, FPS = 640, 480, 15


class Scene(NamedTuple):
    """One shot of the clip, in seconds of its time."""

    kind: Literal["calm", "two", "empty"]
    start_s: float
    end_s: float


class Speech(NamedTuple):
    """A stretch of speech: from ``start_s`` of the clip, taken from ``source_s`` of the recording."""

    start_s: float
    end_s: float
    source_s: float


SCENES = (
    Scene("calm", 0.0, 7.0),
    Scene("two", 7.0, 13.0),
    Scene("calm", 13.0, 16.0),
    Scene("empty", 16.0, 22.0),
    Scene("calm", 22.0, 27.0),
)
# Whole turns of the recording's two speakers, as its reference annotation has them.
SPEECH = (Speech(1.5, 5.4, 10.6), Speech(8.0, 11.4, 14.5), Speech(17.0, 20.5, 21.8))
DURATION_S = SCENES[-1].end_s

# The camera sways and breathes a little, so that no two frames are the same.
SWAY_PX, BREATH, SWAY_PERIOD_S = 6.0, 0.03, 6.0


def draw(portrait: Picture, at_s: float) -> Picture:
    """The clip's picture at a time: RGB u8 ``[HEIGHT, WIDTH, 3]``, from the portrait ``[512, 512, 3]``."""
    scene = next(scene for scene in SCENES if at_s < scene.end_s)
    if scene.kind == "empty":
        return empty_room(at_s)
    if scene.kind == "calm":
        return shoot(portrait, WIDTH, at_s)
    half = shoot(portrait, WIDTH // 2, at_s)
    return np.ascontiguousarray(np.concatenate([half, half[:, ::-1]], axis=1))


def shoot(portrait: Picture, width: int, at_s: float) -> Picture:
    """The portrait through a slowly swaying camera, ``[HEIGHT, width, 3]``, the face above the middle."""
    phase = 2 * np.pi * at_s / SWAY_PERIOD_S
    # Scaled so that the portrait fills the frame; its face lies at (225, 115) of 512.
    scale = max(width / 460, HEIGHT / 440) * (1 + BREATH * (1 + np.sin(phase)))
    left = width / 2 - 225 * scale + SWAY_PX * np.cos(phase)
    left = min(max(left, width - 512 * scale), 0.0)
    shift = np.array([[scale, 0, left], [0, scale, 0]])
    picture = cv2.warpAffine(portrait, shift, (width, HEIGHT), flags=cv2.INTER_LINEAR)
    return np.asarray(picture, np.uint8)


def empty_room(at_s: float) -> Picture:
    """A wall and a desk in changing light, nobody there."""
    rows = np.linspace(0, 1, HEIGHT)[:, np.newaxis]
    columns = np.linspace(0, 1, WIDTH)[np.newaxis, :]
    light = 150 + 40 * columns - 50 * rows + 6 * np.sin(2 * np.pi * at_s / SWAY_PERIOD_S)
    wall = light[..., np.newaxis] * np.array([1.0, 0.97, 0.9])
    desk = rows[..., np.newaxis] > 0.8
    room = np.where(desk, wall * np.array([0.55, 0.4, 0.3]), wall)
    return np.asarray(room, np.uint8)
