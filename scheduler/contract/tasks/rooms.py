"""Room scans: the api keeps what is known of one, and has schedulers look at its frames."""

import msgspec

from ..names import Name
from ..roles import FACE_DETECTOR, OBJECT_DETECTOR
from .spec import Image, Payload, Reply, TaskPath, TaskSpec, Unit


class VideoRoomScan(Payload, frozen=True):
    """A frame of a room scan, or its end (``complete``) → what was seen over all frames.

    ``economy``: look at the whole frame alone, for a tenth of the cost; else parts of it are looked at too.
    """

    scan_id: Name
    frame_b64: Image | None = None
    complete: bool = False
    economy: bool = False


class ScannedObject(msgspec.Struct, frozen=True):
    """One object in a frame."""

    label: str
    score: Unit
    box: list[float]


class RoomScanReply(Reply, frozen=True):
    """What one frame shows. ``similarity``: the part of its corners that the first frame has as well,
    ``same_place``: whether that is the same place; both null for the first frame, which is the reference
    (``reference_stored``). ``new_objects``: by label, those beyond the first frame's."""

    scan_id: str
    frames: int
    reference_stored: bool
    objects: list[ScannedObject]
    person_count: int
    similarity: Unit | None
    same_place: bool | None
    new_objects: dict[str, int]


class Similarity(msgspec.Struct, frozen=True):
    """To the first frame, of all later ones; null where there are none."""

    lowest: Unit | None
    last: Unit | None


class RoomScanSummary(msgspec.Struct, frozen=True):
    """What was seen over all frames; of each kind of object as many as in the frame with most of it."""

    frames: int
    objects: dict[str, int]
    person_count: int
    new_objects: dict[str, int]
    similarity: Similarity


class RoomScanEndReply(Reply, frozen=True):
    """The end of a scan."""

    scan_id: str
    complete: bool
    result: RoomScanSummary


class RoomScanFrame(Payload, frozen=True):
    """One frame of a scan, with the packed corners of the first one, once there is one."""

    frame_b64: Image
    reference: bytes = b""
    economy: bool = False


class RoomScanFrameReply(Reply, frozen=True):
    """What a scheduler sees in the frame. ``counts``: objects by label; ``features``: the packed corners of a
    frame that came without a reference."""

    objects: list[ScannedObject]
    person_count: int
    counts: dict[str, int]
    features: bytes | None = None
    similarity: Unit | None = None
    same_place: bool | None = None


ROOM_SCAN_FRAME = TaskSpec(
    name="room_scan_frame",
    payload=RoomScanFrame,
    reply=RoomScanFrameReply,
    domain="video",
    tier="live",
    roles=(OBJECT_DETECTOR,),
    enriching=(FACE_DETECTOR,),
)
VIDEO_ROOM_SCAN = TaskSpec(
    name="video_room_scan",
    payload=VideoRoomScan,
    reply=RoomScanReply,
    domain="video",
    tier=None,
    paths=(
        TaskPath("/video/room-scan/frame", {"complete": False}, needs=("frame_b64",)),
        TaskPath("/video/room-scan/complete", {"complete": True, "frame_b64": None}, RoomScanEndReply),
    ),
    roles=ROOM_SCAN_FRAME.roles,
    enriching=ROOM_SCAN_FRAME.enriching,
    idempotent=False,
)
