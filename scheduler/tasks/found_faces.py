"""Finding the faces of a picture that somebody sent, however they lie in it.

Detectors see a whole picture scaled down to a couple of hundred pixels. Where that shows no face, it is
looked at again: from further back, since a face that fills it is found so, in overlapping squares, since a
card on a table has a face of few pixels, and turned. A face that the detector is not sure of counts if it is
found again in a look of its own.
"""

from collections.abc import Iterator, Sequence

from ..contract.roles import FACE_DETECTOR
from ..core import Roi
from ..models.outputs import Face
from ..models.regions import SURE, closer_region, further_region, same_face, tiles, turned_regions
from .runner import Picture, Runner

PARTS = (0.6, 0.4, 0.25)  # of the picture's longer side
LEAST_SIDE = 128.0  # pixels; closer looks show nothing more


async def find_faces(picture: Picture, runner: Runner) -> list[Face]:
    """The faces of a picture, each once, at the largest scale that shows any.

    Raises:
        ServiceError: the runner's own.
    """
    whole: list[Face] = await runner.infer_picture(FACE_DETECTOR, picture)
    if faces := await _certain(whole, picture, runner):
        return faces
    for looks in _further_looks(picture):
        # One after the other: a short task does its looks itself, without a loop that others could wait in.
        found = [face for roi in looks for face in await runner.infer_picture(FACE_DETECTOR, picture, roi)]
        if faces := await _certain(found, picture, runner):
            return faces
    return []


def _further_looks(picture: Picture) -> Iterator[list[Roi]]:
    """What to look at where the whole picture shows nobody, all of a step at once."""
    width, height = picture.width, picture.height
    *large, small = (
        tiles(width, height, part) if part * max(width, height) >= LEAST_SIDE else [] for part in PARTS
    )
    upright = [roi for rois in large for roi in rois]
    whole = turned_regions(width, height)
    yield [further_region(width, height), *whole, *upright]
    yield small
    yield [roi._replace(angle=turned.angle) for roi in upright for turned in whole]


async def _certain(found: Sequence[Face], picture: Picture, runner: Runner) -> list[Face]:
    """Those that are faces, each once; the surest look at each counts."""
    faces: list[Face] = []
    for face in sorted(found, key=lambda face: -face.score):
        if any(same_face(face.box, known.box) for known in faces):
            continue
        if face.score >= SURE or await _seen_again(face, picture, runner):
            faces.append(face)
    return faces


async def _seen_again(face: Face, picture: Picture, runner: Runner) -> bool:
    again: list[Face] = await runner.infer_picture(FACE_DETECTOR, picture, closer_region(face.box))
    return any(same_face(each.box, face.box) for each in again)
