"""What a person in a picture can be: how large, and where beside another one. Pure."""

from collections.abc import Mapping, Sequence

from ..core import Motion
from .outputs import PERSON, TOLD, Box, Face, Thing

# So large are half a metre of head and shoulders, seven metres from a camera that sees 70 degrees.
SMALLEST = 0.05  # of the picture's longer side
WORN = 0.15  # of a person's area: what is smaller and before the body is worn, held or printed on a shirt
BODY = 0.5  # of a person's width, its middle: what is beside it, in the corners, is behind
PART = 0.75  # of the smaller box: so much of it in another person's box is that person


def plausible(things: Sequence[Thing], width: int, height: int) -> list[Thing]:
    """The things without those persons that can be none: clutter of a few pixels, a necktie."""
    least = SMALLEST * max(width, height)
    persons = [thing.box for thing in things if thing.label == PERSON and thing.score >= TOLD]
    return [thing for thing in things if thing.label != PERSON or _can_be(thing.box, persons, least)]


def _can_be(box: Box, persons: Sequence[Box], least: float) -> bool:
    if box.longer_side < least:
        return False
    return not any(_worn(box, other) for other in persons)


def _worn(box: Box, other: Box) -> bool:
    if box.area >= WORN * other.area:
        return False
    middle = (box.left + box.right - other.left - other.right) / 2
    central = abs(middle) <= BODY / 2 * (other.right - other.left)
    return central and overlap(box, other) > 1 - WORN


def living(
    things: Sequence[Thing], motion: Motion | None, width: int, height: int, sure: float = TOLD
) -> list[Thing]:
    """The things without pictures of people: persons of whom nothing moves while a larger one does.

    Where the larger one, whose score is ``sure`` or more, is as still, the camera may show a still picture.
    """
    persons = [thing for thing in things if thing.label == PERSON and thing.score >= TOLD]
    covered = {thing.box: [thing.box] for thing in persons}
    certain = [thing.box for thing in persons if thing.score >= sure]
    pictures = _pictures(covered, certain, motion, width, height)
    return [thing for thing in things if thing.label != PERSON or thing.box not in pictures]


def living_faces(faces: Sequence[Face], motion: Motion | None, width: int, height: int) -> list[Face]:
    """The faces without those of pictures of people, by the same rule.

    A face alone is too small to tell by: head and shoulders tell.
    """
    bodies = [_body(face.box) for face in faces]
    covered = {
        body: [_head(face.box), _shoulders(face.box)] for face, body in zip(faces, bodies, strict=True)
    }
    pictures = _pictures(covered, bodies, motion, width, height)
    return [face for face, body in zip(faces, bodies, strict=True) if body not in pictures]


def _pictures(
    covered: Mapping[Box, Sequence[Box]],
    certain: Sequence[Box],
    motion: Motion | None,
    width: int,
    height: int,
) -> list[Box]:
    """Of these bodies, each with what it covers, those that do not move while a larger one does, which is
    ``certain``."""
    if motion is None or len(covered) < 2:
        return []
    moving: list[Box] = []
    pictures: list[Box] = []
    for body in sorted(covered, key=lambda box: -box.area):
        others = [box for each in moving for box in covered[each]]
        if motion.moves(body, others, width, height):
            moving.append(body)
        elif any(other in certain for other in moving):
            pictures.append(body)
    return pictures


def with_faces(things: Sequence[Thing], faces: Sequence[Face]) -> list[Thing]:
    """The things, and a person for each face that is no known person's: nobody has two.

    Of who is behind somebody else often only the face is seen, and a detector of objects takes both for one.
    """
    free = [thing.box for thing in things if thing.label == PERSON and thing.score >= TOLD]
    added = list(things)
    for face in sorted(faces, key=lambda face: -face.box.area):
        middle = face.box.middle
        own = next((box for box in sorted(free, key=lambda box: box.area) if box.holds(*middle)), None)
        if own is None:
            added.append(Thing(PERSON, face.score, _body(face.box)))
        else:
            free.remove(own)
    return added


def _body(face: Box) -> Box:
    """Head and shoulders of whom this is the face, about."""
    width, height = face.right - face.left, face.bottom - face.top
    return Box(face.left - width, face.top - height / 2, face.right + width, face.bottom + 2 * height)


def _head(face: Box) -> Box:
    """With hair and ears, about."""
    width, height = face.right - face.left, face.bottom - face.top
    return Box(face.left - width / 4, face.top - height / 2, face.right + width / 4, face.bottom)


def _shoulders(face: Box) -> Box:
    body = _body(face)
    return Box(body.left, face.bottom, body.right, body.bottom)


def overlap(box: Box, other: Box) -> float:
    """What two boxes share, of the smaller one; 0 where one is empty."""
    width = min(box.right, other.right) - max(box.left, other.left)
    height = min(box.bottom, other.bottom) - max(box.top, other.top)
    smaller = min(box.area, other.area)
    return width * height / smaller if width > 0 and height > 0 and smaller > 0 else 0.0
