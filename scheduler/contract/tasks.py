"""Where each task type runs: the api or a lane of schedulers. Pure, so that the api can ask."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

Tier = Literal["rt", "bulk"]
Domain = Literal["face", "audio", "video", "doc", "analysis"]


class Home(NamedTuple):
    """``domain``: the part of the service it belongs to. ``lane``: None for what the api does itself."""

    domain: Domain
    lane: Tier | None


# Whatever takes seconds would make the live streams' frames late, so it runs in a process of its own.
HOMES: Mapping[str, Home] = {
    "face_embed": Home("face", "rt"),
    "face_verify": Home("face", "rt"),
    "audio_enroll": Home("audio", "rt"),
    "audio_verify": Home("audio", "rt"),
    "audio_diarize": Home("audio", "bulk"),
    "video_room_scan": Home("video", "rt"),
    "doc_id_verify": Home("doc", "bulk"),
    "doc_ocr": Home("doc", "bulk"),
    "plagiarism_analyze": Home("analysis", None),
    "response_moderate": Home("analysis", None),
}
