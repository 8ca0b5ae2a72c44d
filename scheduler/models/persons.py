"""What a person in a picture can be: how large, and where beside another one. Pure."""

from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

from ..core import Motion
from .outputs import PERSON, TOLD, Box, Face, Thing

Somebody = TypeVar("Somebody")

# So large are half a metre of head and shoulders, seven metres from a camera that sees 70 degrees.
SMALLEST = 0.05  # of the picture's longer side
WORN = 0.15  # of a person's area: what is smaller and before the body is worn, held or printed on a shirt
BODY = 0.5  # of a person's width, its middle: what is beside it, in the corners, is behind
AGAIN = 2  # looks in which something moved: who comes does once
ENOUGH = 12  # looks in none of which something moved: who sits still does
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


class Body(NamedTuple):
    """Somebody in a picture: where, what of it surely hides all behind it, whether it is surely somebody."""

    box: Box
    hides: Sequence[Box]
    sure: bool = True


class Counted(NamedTuple, Generic[Somebody]):
    """Who counts, and of those of whom nobody knows yet whether they live."""

    all: list[Somebody]
    doubted: list[Somebody]


def living(
    things: Sequence[Thing], motion: Motion | None, width: int, height: int, sure: float = TOLD
) -> Counted[Thing]:
    """The persons without pictures of people; ``sure``: the score of who is surely somebody.

    Who is too faint to be told of counts in any case.
    """
    persons = [thing for thing in things if thing.label == PERSON and thing.score >= TOLD]
    faint = [thing for thing in things if thing.label == PERSON and thing.score < TOLD]
    bodies = [Body(thing.box, [thing.box], thing.score >= sure) for thing in persons]
    counted = _counted(persons, _alive(bodies, motion, width, height))
    return counted._replace(all=counted.all + faint)


def living_faces(faces: Sequence[Box], motion: Motion | None, width: int, height: int) -> Counted[Box]:
    """The faces without those of pictures of people: head and shoulders tell, a face alone is too small."""
    bodies = [Body(_body(face), [_head(face), _shoulders(face)]) for face in faces]
    return _counted(faces, _alive(bodies, motion, width, height))


def _counted(people: Sequence[Somebody], alive: Sequence[bool | None]) -> Counted[Somebody]:
    marked = list(zip(people, alive, strict=True))
    return Counted(
        [each for each, lives in marked if lives is not False],
        [each for each, lives in marked if lives is None],
    )


def _alive(bodies: Sequence[Body], motion: Motion | None, width: int, height: int) -> list[bool | None]:
    """Of each whether it lives; a picture is where nothing moves while somebody larger does, who is sure.

    None: nobody knows before there were ``ENOUGH`` looks. The larger one moves again and again: where it
    moved but once, it came into what may be a still picture; where it is as still, the camera may show one.
    """
    alive: list[bool | None] = [True] * len(bodies)
    if motion is None or len(bodies) < 2:
        return alive
    moving: list[Body] = []
    for at, body in sorted(enumerate(bodies), key=lambda each: -each[1].box.area):
        hidden = [box for other in moving for box in other.hides]
        if motion.moves(body.box, hidden, width, height):
            moving.append(body)
        elif any(other.sure and motion.moves(other.box, [], width, height, AGAIN) for other in moving):
            alive[at] = False if motion.looks >= ENOUGH else None
    return alive


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
