"""What a scheduler does for each task type, and the roles it needs for that."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from ..contract.tasks import HOMES, Tier
from .diarize import DIARIZER, audio_diarize
from .documents.documents import DOCUMENT_ROLES, OCR_ROLES, doc_id_verify, doc_ocr
from .faces import FACE_ROLES, face_embed, face_verify
from .room_scan import ROOM_SCAN_ROLES, room_scan_frame
from .runner import Runner
from .voices import VOICE_ROLES, audio_enroll, audio_verify


class OneShot(NamedTuple):
    """``run`` takes the task type's payload; its result is the ``result`` of the wire contract.

    ``better_with``: roles that it can do without, served where their models are present.
    """

    run: Callable[[Any, Runner], Awaitable[dict[str, Any]]]
    roles: tuple[str, ...]
    better_with: tuple[str, ...] = ()


ONE_SHOTS: Mapping[str, OneShot] = {
    "face_embed": OneShot(face_embed, FACE_ROLES),
    "face_verify": OneShot(face_verify, FACE_ROLES),
    "audio_enroll": OneShot(audio_enroll, VOICE_ROLES),
    "audio_verify": OneShot(audio_verify, VOICE_ROLES),
    "audio_diarize": OneShot(audio_diarize, VOICE_ROLES, better_with=(DIARIZER,)),
    "video_room_scan": OneShot(room_scan_frame, ROOM_SCAN_ROLES),
    "doc_id_verify": OneShot(doc_id_verify, DOCUMENT_ROLES),
    "doc_ocr": OneShot(doc_ocr, OCR_ROLES),
}


def one_shots(tier: Tier) -> dict[str, OneShot]:
    """The tasks of one tier."""
    return {name: task for name, task in ONE_SHOTS.items() if HOMES[name].tier == tier}
