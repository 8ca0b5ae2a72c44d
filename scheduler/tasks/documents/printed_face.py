"""The face on a document. It may be small: a card on a table, seen from above, has a face of few pixels.

Detectors see the whole picture scaled down to a couple of hundred pixels. Where none is found that way,
squares of half the size are looked at, each overlapping the next by half, so that one of them shows any face
whole; and then squares half as large again.
"""

import asyncio
from itertools import product

import numpy as np

from ...contract.roles import FACE_DETECTOR
from ...core import Roi
from ...models.outputs import Face
from ..runner import Picture, Runner

PARTS = (1 / 2, 1 / 4)  # of the picture's longer side
LEAST_SIDE = 128.0  # pixels; closer looks show nothing more


async def find_printed_faces(picture: Picture, runner: Runner) -> list[Face]:
    """Faces of the picture, found at the largest scale that shows any; twice where looks overlap."""
    faces: list[Face] = await runner.infer_picture(FACE_DETECTOR, picture)
    longer = max(picture.width, picture.height)
    for side in (longer * part for part in PARTS):
        if faces or side < LEAST_SIDE:
            break
        looks = [
            runner.infer_picture(FACE_DETECTOR, picture, roi)
            for roi in squares(picture.width, picture.height, side)
        ]
        faces = [face for found in await asyncio.gather(*looks) for face in found]
    return faces


def squares(width: int, height: int, side: float) -> list[Roi]:
    """Regions that cover a picture, each overlapping its neighbours by at least half."""
    return [Roi(x, y, side) for y, x in product(_centers(height, side), _centers(width, side))]


def _centers(length: int, side: float) -> list[float]:
    if length <= side:
        return [length / 2]
    steps = int(np.ceil((length - side) / (side / 2))) + 1
    return [float(center) for center in np.linspace(side / 2, length - side / 2, steps)]
