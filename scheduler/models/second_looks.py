"""Where a detector of objects looks a second time, and what all looks at one picture show together. Pure.

A detector is shown a picture as a square of a few hundred pixels, in which a phone at an ear may be fifteen,
too few to be one. So parts of the picture are shown to it larger: around the head and the hands of each
person, where phones are held, and tiles that overlap, for phones and persons elsewhere.
"""

from collections.abc import Iterable, Sequence
from math import prod
from typing import NamedTuple

from ..core import Roi
from .outputs import PERSON, PHONE, TOLD, Box, Thing
from .persons import PART, overlap, plausible
from .regions import tiles as tiles_of

TILE = 0.6  # of the picture's longer side
HELD = 0.75  # of the shorter side of a person's box: what shows a head with both hands beside it
UPRIGHT = 0.5  # of the height of who stands, whose box is narrow
DESK = 0.15  # of a region: how far below a person it goes, where phones lie
SEATED = 0.6  # width over height: from here on a box shows somebody who sits, or the upper half
AROUND = 2.0  # times the longer side of what an edge cut
MOST_PERSONS = 4
MOST_CUT = 2
SAME = 0.5  # of the smaller box: so much two looks at one thing share
EDGE = 0.03  # of a region: what comes as near to its edge may be cut by it
NEAR = 0.25  # of a person's box: so far beside and below it a person reaches
ADDED = {PERSON: 0.35, PHONE: 0.35}  # so sure a second look is that adds one
SURE = 0.6  # and so sure of other things
DEPENDENT = 0.35 / 0.65  # times the odds of what looks say together: even odds become a score of 0.35


class Look(NamedTuple):
    """What was seen in one region of a picture, in the picture's pixels."""

    region: Roi
    things: Sequence[Thing]


def regions(things: Sequence[Thing], width: int, height: int) -> list[Roi]:
    """Everywhere where to look again at a picture that showed these things to the first look."""
    return persons_hands(things, width, height) + tiles(width, height)


def persons_hands(things: Sequence[Thing], width: int, height: int) -> list[Roi]:
    """Around the hands and the heads of the persons, the largest first."""
    persons = [thing.box for thing in things if thing.label == PERSON and thing.score >= TOLD]
    persons.sort(key=lambda box: -box.area)
    return [within(region, width, height) for box in persons[:MOST_PERSONS] for region in at_hand(box)]


def doubtful(things: Sequence[Thing], width: int, height: int) -> list[Roi]:
    """Those of the regions that show larger what may be a phone."""
    phones = [thing.box for thing in things if thing.label == PHONE]
    if not phones:
        return []
    return [region for region in regions(things, width, height) if any(_holds(region, box) for box in phones)]


def _holds(region: Roi, box: Box) -> bool:
    half = region.size / 2
    return (
        region.center_x - half <= box.left
        and box.right <= region.center_x + half
        and region.center_y - half <= box.top
        and box.bottom <= region.center_y + half
    )


def cut_persons(known: Sequence[Thing], looks: Iterable[Look], width: int, height: int) -> list[Roi]:
    """Around persons of whom a look saw a part that none of the known ones has, the surest first."""
    persons = [thing.box for thing in known if thing.label == PERSON and thing.score >= TOLD]
    parts = [
        thing
        for look in looks
        for thing in plausible(look.things, width, height)
        if thing.label == PERSON and thing.score >= TOLD and cut(thing.box, look.region, width, height)
        if all(overlap(thing.box, box) < PART for box in persons)
    ]
    parts.sort(key=lambda thing: -thing.score)
    return [within(around(thing.box), width, height) for thing in parts[:MOST_CUT]]


def around(box: Box) -> Roi:
    """The region that shows a thing with what is around it."""
    return Roi(*box.middle, AROUND * box.longer_side)


def at_hand(person: Box) -> list[Roi]:
    """Around the hands of a person, and around the head."""
    left, top, right, bottom = person
    width, height = right - left, bottom - top
    size, middle = max(HELD * min(width, height), UPRIGHT * height), (left + right) / 2
    hands = bottom - (0.5 - DESK) * size if width > SEATED * height else (top + bottom) / 2
    return [Roi(middle, hands, size), Roi(middle, top + 0.42 * size, size)]


def tiles(width: int, height: int) -> list[Roi]:
    """Squares that cover the picture and overlap, line by line: four, or two of a wide or tall one."""
    return tiles_of(width, height, TILE)


def within(region: Roi, width: int, height: int) -> Roi:
    """The region, moved into the picture as far as it fits."""
    half = region.size / 2
    x = min(max(region.center_x, half), width - half) if region.size < width else width / 2
    y = min(max(region.center_y, half), height - half) if region.size < height else height / 2
    return region._replace(center_x=x, center_y=y)


def merged(first: Sequence[Thing], looks: Iterable[Look], width: int, height: int) -> list[Thing]:
    """All things of a picture, best first: those of its first look, and what second looks add.

    What two looks saw counts once, where the first saw it, as sure as the surer one. What is shown without
    its surroundings is easily taken for something else, so second looks add other things only if very sure.
    """
    known = plausible(first, width, height)
    added = [thing for look in looks for thing in seen(look, width, height)]
    for thing in sorted(added, key=lambda thing: -thing.score):
        same = next((at for at, other in enumerate(known) if is_same(thing, other)), None)
        if same is None:
            known += [thing] if thing.score >= ADDED.get(thing.label, SURE) else []
        elif known[same].score < thing.score:
            known[same] = known[same]._replace(score=thing.score)
    return sorted(known, key=lambda thing: -thing.score)


def seen(look: Look, width: int, height: int) -> list[Thing]:
    """The things of a second look that can be things: what an edge of its region cuts may be anything."""
    whole = [thing for thing in look.things if not cut(thing.box, look.region, width, height)]
    return plausible(whole, width, height)


def agreed(first: Sequence[Thing], looks: Sequence[Look], width: int, height: int) -> Look:
    """Phones in reach of a person, as sure as all looks at one picture together are of each.

    Were looks independent, the chance that all of them err would be the product of theirs. They see the same
    pixels, so they are taken for less. One look that is unsure says little, five that agree say much.
    """
    persons = [thing.box for thing in first if thing.label == PERSON and thing.score >= TOLD]
    shown = [*first, *(thing for look in looks for thing in seen(look, width, height))]
    phones = [
        thing for thing in shown if thing.label == PHONE and any(_reaches(box, thing.box) for box in persons)
    ]
    together = [
        thing._replace(score=_together([other.score for other in phones if is_same(thing, other)]))
        for thing in phones
    ]
    return Look(Roi(width / 2, height / 2, float(max(width, height))), together)


def _together(scores: Sequence[float]) -> float:
    none = prod(1 - score for score in scores)
    likely = (1 - none) * DEPENDENT
    return likely / (likely + none)


def is_same(thing: Thing, other: Thing) -> bool:
    """Whether two looks show one thing; a part of a person is that person."""
    if thing.label != other.label:
        return False
    return overlap(thing.box, other.box) >= (PART if thing.label == PERSON else SAME)


def cut(box: Box, region: Roi, width: int, height: int) -> bool:
    """Whether an edge of the region, other than the picture's, ends the thing."""
    half, near = region.size / 2, EDGE * region.size
    low_x, low_y = max(0.0, region.center_x - half), max(0.0, region.center_y - half)
    high_x, high_y = min(float(width), region.center_x + half), min(float(height), region.center_y + half)
    return (
        (low_x > 0 and box.left <= low_x + near)
        or (low_y > 0 and box.top <= low_y + near)
        or (high_x < width and box.right >= high_x - near)
        or (high_y < height and box.bottom >= high_y - near)
    )


def _reaches(person: Box, thing: Box) -> bool:
    left, top, right, bottom = person
    beside, below = NEAR * (right - left), NEAR * (bottom - top)
    return Box(left - beside, top - below, right + beside, bottom + below).holds(*thing.middle)
