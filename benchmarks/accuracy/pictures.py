"""Pictures: what a room scan, a face stream and ``face_embed`` say of each."""

from collections.abc import Iterator

import msgspec

from argusd.scheduler.contract.policy import Policy
from argusd.scheduler.models.outputs import PERSON, PHONE

from .asking import Answer, Daemon, jpeg
from .figures.tallies import Verdict
from .labels import UNSURE, Count, Flag, Item

SEEN = 0.35  # what a caller of a room scan takes for seen
COUNTED = 6  # of more people nobody knows the exact number
DIRECTIONS = ("left", "right", "up", "down")
TURNED = Policy().head_turned


class Seen(msgspec.Struct, frozen=True):
    """The answers about one picture."""

    scan: Answer
    embed: Answer
    look: Answer


async def look(daemon: Daemon, item: Item) -> Seen:
    """Ask about a picture."""
    picture = jpeg(item.path)
    return Seen(
        scan=await daemon.task("video_room_scan", scan_id=daemon.session(), frame_b64=picture),
        embed=await daemon.task("face_embed", image_b64=picture),
        look=await daemon.last_look(picture),
    )


def judge(item: Item, seen: Seen) -> Iterator[Verdict]:
    """Everything that the labels say something about."""
    yield from _things(item, seen.scan)
    if "error" not in seen.look:
        yield from _faces(item, seen.look)
        yield from _attention(item, seen.look)
    found = seen.embed.get("face_count", 0)
    yield from _verdict(item, "face_embed.face", item.faces, over(item.faces, 0), found > 0, f"{found} found")


def over(label: Count, limit: int) -> Flag:
    """Whether there are more than that."""
    return label > limit if isinstance(label, int) else label


def _verdict(
    item: Item,
    finding: str,
    label: object,
    there: Flag,
    told: bool,
    why: str,
    *,
    exact: bool = False,
    score: float | None = None,
) -> Iterator[Verdict]:
    """One, unless nobody labelled it."""
    if there is None:
        return
    yield Verdict(
        finding=finding,
        item=item.file,
        there=None if there is UNSURE else there,
        told=told,
        why=f"label {label}: {why}",
        exact=exact,
        score=score,
        sure=item.sure,
    )


def _things(item: Item, scan: Answer) -> Iterator[Verdict]:
    things = scan.get("objects", [])
    phone = max((thing["score"] for thing in things if thing["label"] == PHONE), default=0.0)
    persons = sorted((thing["score"] for thing in things if thing["label"] == PERSON), reverse=True)
    found = sum(score >= SEEN for score in persons)
    second = persons[1] if len(persons) > 1 else 0.0
    yield from _verdict(
        item, "picture.phone", item.phone, item.phone, phone >= SEEN, f"best {phone:.2f}", score=phone
    )
    several = over(item.persons, 1)
    why = f"{found} found"
    yield from _verdict(item, "picture.multiple_people", item.persons, several, found > 1, why, score=second)
    yield from _exact(item, "picture.person_count", item.persons, found)


def _faces(item: Item, seen: Answer) -> Iterator[Verdict]:
    found = seen["face_count"]
    several, nobody, why = over(item.faces, 1), _negated(over(item.faces, 0)), f"{found} found"
    yield from _verdict(item, "picture.no_face", item.faces, nobody, found == 0, why)
    yield from _verdict(item, "picture.multiple_faces", item.faces, several, found > 1, why)
    yield from _exact(item, "picture.face_count", item.faces, found)


def _exact(item: Item, finding: str, label: Count, found: int) -> Iterator[Verdict]:
    if label is None or (isinstance(label, int) and label > COUNTED):
        return
    there: Flag = UNSURE if label is UNSURE else True
    yield from _verdict(item, finding, label, there, found == label, f"{found} found", exact=True)


def _negated(label: Flag) -> Flag:
    return not label if isinstance(label, bool) else label


def _attention(item: Item, seen: Answer) -> Iterator[Verdict]:
    """Of a picture of one person."""
    if item.faces != 1:
        return
    pose, gaze = seen.get("head_pose"), seen.get("gaze")
    turned = pose is not None and (
        abs(pose["yaw"]) >= TURNED.yaw_deg or abs(pose["pitch"]) >= TURNED.pitch_deg
    )
    yield from _verdict(item, "picture.head_turned", item.head_turned, item.head_turned, turned, f"{pose}")
    if item.gaze is None:
        return
    said = gaze["direction"] if gaze else None
    away: Flag = UNSURE if item.gaze is UNSURE else item.gaze != "center"
    told, why = said in DIRECTIONS, f"{gaze}"
    yield from _verdict(item, "picture.gaze_away", item.gaze, away, told, why)
    if away is True and told:
        yield from _verdict(item, "picture.gaze_side", item.gaze, True, said == item.gaze, why, exact=True)
