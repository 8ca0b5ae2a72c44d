"""A man whose eyes go aside and come back, made from his portrait: when they do is known.

The irises are moved between the lids; the rest of the face keeps still, and the picture drifts as before a
camera that nobody holds quite steady. There is no speech in the sound, only a room's hiss.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from argusd.daemon.demo.sample import read_picture

Picture = NDArray[np.uint8]

WIDTH, HEIGHT, FPS, SECONDS = 480, 640, 15, 14
RATE, HISS = 16_000, 8.0
# Of the portrait: the part that is shown.
LEFT, TOP, SHOWN = 150, 0, 560
# When the eyes are aside, and by how many pixels: to the left of the picture, which is the man's right.
ASIDE_S, ASIDE = (5.6, 10.35), -10.0
IRIS = 7.0
DRIFT = 1.5


class Eye(NamedTuple):
    """Where FaceMesh sees it in what is shown: the middle of the iris, and the opening between the lids."""

    iris: float
    opening: tuple[tuple[int, int], ...]


EYES = (
    Eye(
        251, ((232, 185), (240, 187), (252, 188), (266, 186), (272, 186), (263, 181), (248, 180), (240, 181))
    ),
    Eye(
        342, ((321, 184), (327, 185), (341, 186), (353, 185), (360, 183), (351, 179), (343, 178), (329, 180))
    ),
)


def write_film(portrait: Path, target: Path, aside_s: tuple[float, float] = (0.0, 0.0)) -> None:
    """H.264 and AAC; the eyes are aside from and to these seconds."""
    shown = read_picture(portrait)[TOP : TOP + SHOWN * HEIGHT // WIDTH, LEFT : LEFT + SHOWN]
    ahead = np.asarray(cv2.resize(shown, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
    away = looking(ahead, ASIDE)
    with av.open(str(target), "w") as film:
        video = film.add_stream("libx264", rate=FPS, width=WIDTH, height=HEIGHT, pix_fmt="yuv420p")
        audio = film.add_stream("aac", rate=RATE, layout="mono")
        for number in range(SECONDS * FPS):
            eyes = away if aside_s[0] <= number / FPS < aside_s[1] else ahead
            frame = av.VideoFrame.from_ndarray(drifted(eyes, number / FPS), format="rgb24")
            frame.pts = number
            film.mux(video.encode(frame))
        for block in hiss():
            film.mux(audio.encode(block))
        film.mux(video.encode(None))
        film.mux(audio.encode(None))


def looking(face: Picture, by: float) -> Picture:
    """The face with its irises moved; what lies beside them is stretched up to the eyes' corners."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    for eye in EYES:
        opening = np.array(eye.opening)
        first, last = opening[:, 0].min(), opening[:, 0].max()
        here, there = ([first, x - IRIS, x + IRIS, last] for x in (eye.iris, eye.iris + by))
        moved = cv2.remap(face, np.interp(columns, there, here).astype(np.float32), rows, cv2.INTER_LINEAR)
        mask = cv2.fillConvexPoly(np.zeros((HEIGHT, WIDTH), np.uint8), cv2.convexHull(opening), 255)
        part = cv2.GaussianBlur(mask, (3, 3), 0)[..., None] / 255
        face = (face * (1 - part) + moved * part).astype(np.uint8)
    return face


def drifted(picture: Picture, at_s: float) -> Picture:
    shift = np.array([[1, 0, DRIFT * np.sin(at_s)], [0, 1, DRIFT * np.cos(at_s)]])
    return np.asarray(
        cv2.warpAffine(picture, shift, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def hiss() -> Iterator[av.AudioFrame]:
    sound = np.random.default_rng(1).normal(0, HISS, SECONDS * RATE).astype(np.int16)
    for start in range(0, len(sound), 1024):
        block = av.AudioFrame.from_ndarray(
            sound[np.newaxis, start : start + 1024], format="s16", layout="mono"
        )
        block.sample_rate, block.pts = RATE, start
        yield block
