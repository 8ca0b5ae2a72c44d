"""What is in one frame of a room scan, and whether it shows the place of the first one.

A scheduler remembers no scan: the api keeps the reference and sends it along (``RoomScanFrame``).
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from functools import partial

import msgspec

from argusd.kernels.pictures.orb import Likeness, compare, features, pack, unpack

from ..contract.errors import ModelUnavailable
from ..contract.policy import MultiplePeople
from ..contract.roles import FACE_DETECTOR, OBJECT_DETECTOR
from ..contract.tasks.rooms import (
    ROOM_SCAN_FRAME,
    RoomScanFrame,
    RoomScanFrameReply,
    ScannedObject,
)
from ..core import Roi
from ..models.outputs import PERSON, TOLD, Face, Thing
from ..models.persons import with_faces
from ..models.second_looks import Look, agreed, cut_persons, merged, regions
from .functions import performs
from .pictures import is_small_jpeg, open_picture
from .runner import Picture, Runner

# Between two different rooms a handful of corners agrees by chance.
SAME_PLACE_INLIERS = 20
SAME_PLACE_SIMILARITY = 0.05


@performs(ROOM_SCAN_FRAME, short=lambda payload: payload.economy and is_small_jpeg(payload.frame_b64))
async def room_scan_frame(payload: RoomScanFrame, runner: Runner) -> RoomScanFrameReply:
    """The objects of the frame, and either its corners or how like the reference they are.

    Raises:
        ServiceError: ``bad_image``, ``image_too_large``, ``model_unavailable``.
    """
    picture = await open_picture(payload.frame_b64, runner)
    things = [thing for thing in await _things(picture, payload.economy, runner) if thing.score >= TOLD]
    corners, likeness = await runner.compute(partial(_corners, picture, payload.reference))
    counts = Counter(thing.label for thing in things)
    counts[PERSON] = sum(thing.label == PERSON and thing.score >= MultiplePeople().score for thing in things)
    objects = [_object(thing, picture) for thing in things]
    found = RoomScanFrameReply(objects, counts[PERSON], dict(+counts), features=corners)
    if likeness is None:
        return found
    return msgspec.structs.replace(
        found, similarity=round(likeness.similarity, 3), same_place=_same_place(likeness)
    )


async def _things(picture: Picture, economy: bool, runner: Runner) -> list[Thing]:
    """What the frame shows; unless it is to cost little also what parts of it do, and more persons' faces."""
    first: list[Thing] = await runner.infer_picture(OBJECT_DETECTOR, picture)
    size = picture.width, picture.height
    if economy:
        return merged(first, [], *size)
    looks = await _looks(regions(first, *size), picture, runner)
    looks += await _looks(cut_persons(merged(first, looks, *size), looks, *size), picture, runner)
    together = agreed(first, looks, *size)
    return with_faces(merged(first, [*looks, together], *size), await _faces(picture, runner))


async def _looks(regions: Iterable[Roi], picture: Picture, runner: Runner) -> list[Look]:
    """Look at all of these regions, together."""
    wanted = list(regions)
    seen = await asyncio.gather(*[runner.infer_picture(OBJECT_DETECTOR, picture, roi) for roi in wanted])
    return [Look(roi, things) for roi, things in zip(wanted, seen, strict=True)]


async def _faces(picture: Picture, runner: Runner) -> list[Face]:
    """Those of the frame, if there is a model that finds them."""
    try:
        runner.model(FACE_DETECTOR)
    except ModelUnavailable:
        return []
    faces: list[Face] = await runner.infer_picture(FACE_DETECTOR, picture)
    return faces


def _corners(picture: Picture, reference: bytes) -> tuple[bytes | None, Likeness | None]:
    """The picture's packed corners; or, where there are a reference's, how like it is to that."""
    corners = features(picture.bgr)
    if not reference:
        return pack(corners), None
    return None, compare(unpack(reference), corners)


def _same_place(likeness: Likeness) -> bool:
    return likeness.inliers >= SAME_PLACE_INLIERS and likeness.similarity >= SAME_PLACE_SIMILARITY


def _object(thing: Thing, picture: Picture) -> ScannedObject:
    box = thing.box.in_unit(picture.width, picture.height)
    return ScannedObject(thing.label, round(thing.score, 3), box)
