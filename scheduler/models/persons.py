"""What a person in a picture can be: how large, and where beside another one. Pure."""

from collections.abc import Sequence

from ..core import Motion
from .outputs import PERSON, TOLD, Box, Face, Thing

# So large are half a metre of head and shoulders, seven metres from a camera that sees 70 degrees.
SMALLEST = 0.05  # of the picture's longer side
WORN = 0.15  # of a person's area: what is smaller and before the body is worn, held or printed on a shirt
BODY = 0.5  # of a person's width, its middle: what is beside it, in the corners, is behind
AGAIN = 2  # looks in which something moved: who comes does once
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

    The larger one's score is ``sure`` or more, and it moves again and again: where it moved but once, it came
    into what may be a still picture, and where it is as still, the camera may show one.
    """
    persons = [thing for thing in things if thing.label == PERSON and thing.score >= TOLD]
    if motion is None or len(persons) < 2:
        return list(things)
    moving: list[Thing] = []
    pictures: list[Thing] = []
    for person in sorted(persons, key=lambda thing: -thing.box.area):
        if motion.moves(person.box, [other.box for other in moving], width, height):
            moving.append(person)
        elif any(
            other.score >= sure and motion.moves(other.box, [], width, height, AGAIN) for other in moving
        ):
            pictures.append(person)
    return [thing for thing in things if thing not in pictures]


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


def overlap(box: Box, other: Box) -> float:
    """What two boxes share, of the smaller one; 0 where one is empty."""
    width = min(box.right, other.right) - max(box.left, other.left)
    height = min(box.bottom, other.bottom) - max(box.top, other.top)
    smaller = min(box.area, other.area)
    return width * height / smaller if width > 0 and height > 0 and smaller > 0 else 0.0
