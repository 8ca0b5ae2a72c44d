"""Where each task type runs: the api or a tier of schedulers. Pure, so that the api can ask."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

# ``live`` schedulers serve streams and quick tasks, the ``bulk`` one tasks that take seconds.
Tier = Literal["live", "bulk"]
Domain = Literal["face", "audio", "video", "doc", "analysis"]


class Home(NamedTuple):
    """``domain``: the part of the service it belongs to. ``tier``: None for what the api does itself."""

    domain: Domain
    tier: Tier | None


# Whatever takes seconds would make the live streams' frames late, so it runs in a process of its own.
HOMES: Mapping[str, Home] = {
    "face_embed": Home("face", "live"),
    "face_verify": Home("face", "live"),
    "audio_enroll": Home("audio", "live"),
    "audio_verify": Home("audio", "live"),
    "audio_diarize": Home("audio", "bulk"),
    "video_room_scan": Home("video", "live"),
    "doc_id_verify": Home("doc", "bulk"),
    "doc_ocr": Home("doc", "bulk"),
    "plagiarism_analyze": Home("analysis", None),
    "response_moderate": Home("analysis", None),
}


def scheduler_name(tier: Tier, index: int) -> str:
    """What a scheduler process is called everywhere: in logs, as a worker, its socket and its unit."""
    return f"scheduler-{index}" if tier == "live" else "scheduler-bulk"
