"""``video_room_scan``: what is in one frame of a scan, and whether it shows the place of the first one.

A scheduler remembers no scan: the api keeps the reference and sends it along (``payloads.RoomScanFrame``).
"""

from collections import Counter
from functools import partial
from typing import Any

from argusd.kernels.pictures.orb import Likeness, compare, features, pack, unpack

from ..analyzers.boxes import in_unit
from ..analyzers.video import DETECTOR, PERSON
from ..contract.payloads import RoomScanFrame
from ..contract.policy import MultiplePeople
from ..models.outputs import Thing
from .pictures import decode_picture
from .runner import Picture, Runner

ROOM_SCAN_ROLES = (DETECTOR,)
# Between two different rooms a handful of corners agrees by chance.
SAME_PLACE_INLIERS = 20
SAME_PLACE_SIMILARITY = 0.05


async def room_scan_frame(payload: RoomScanFrame, runner: Runner) -> dict[str, Any]:
    """``objects`` {label, score, box}, ``person_count``, ``counts`` (objects by label), and ``features``: the
    packed corners of the frame without a reference, else null.

    With a reference ``similarity`` (0..1, the part of corners found in both) and ``same_place``; else null.

    Raises:
        ServiceError: ``bad_image``, ``image_too_large``, ``model_unavailable``.
    """
    picture = await runner.compute(partial(decode_picture, payload.frame_b64))
    things: list[Thing] = await runner.infer_picture(DETECTOR, picture)
    counts = Counter(thing.label for thing in things)
    counts[PERSON] = sum(thing.label == PERSON and thing.score >= MultiplePeople().score for thing in things)
    found = {
        "objects": [_object(thing, picture) for thing in things],
        "person_count": counts[PERSON],
        "counts": +counts,
        "features": None,
        "similarity": None,
        "same_place": None,
    }
    if not payload.reference:
        return found | {"features": await runner.compute(lambda: pack(features(picture.bgr)))}
    likeness = await runner.compute(
        lambda: compare(unpack(payload.reference), features(picture.bgr)),
    )
    return found | {"similarity": round(likeness.similarity, 3), "same_place": _same_place(likeness)}


def _same_place(likeness: Likeness) -> bool:
    return likeness.inliers >= SAME_PLACE_INLIERS and likeness.similarity >= SAME_PLACE_SIMILARITY


def _object(thing: Thing, picture: Picture) -> dict[str, Any]:
    box = in_unit(thing.box, picture.width, picture.height)
    return {"label": thing.label, "score": round(thing.score, 3), "box": box}
