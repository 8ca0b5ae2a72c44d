"""What callers send with each one-shot task (DESIGN section 6). Pure: the api validates with these types.

Fields that end in ``_b64`` are base64 in JSON and bytes in Python. Images are JPEG, PNG or WebP; audio is in
any container of ``containers.py``, or raw s16 mono PCM, which needs its ``sample_rate`` in Hz. Embeddings are
little-endian float32. Scores and thresholds lie in 0..1; a threshold left out is the model's own.
``reference_model``: the ``model`` that came with the reference embedding; another one's is refused.
"""

from typing import Annotated

import msgspec

from .names import Name

Unit = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Rate = Annotated[int, msgspec.Meta(ge=8_000, le=96_000)]
Speakers = Annotated[int, msgspec.Meta(ge=1, le=16)]
Text = Annotated[str, msgspec.Meta(max_length=200_000)]


class Payload(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every payload; ``TASKS`` maps task types to them."""


class FaceEmbed(Payload, frozen=True):
    """The largest face of an image → its embedding."""

    image_b64: bytes


class FaceVerify(Payload, frozen=True):
    """Is the face of the image the one of the reference embedding?"""

    image_b64: bytes
    reference_embedding_b64: bytes
    reference_model: Name | None = None
    threshold: Unit | None = None


class AudioEnroll(Payload, frozen=True):
    """A voice → its embedding, and how good the recording is for that."""

    audio_b64: bytes
    sample_rate: Rate | None = None


class AudioVerify(Payload, frozen=True):
    """Is the voice the one of the reference embedding?"""

    audio_b64: bytes
    reference_embedding_b64: bytes
    reference_model: Name | None = None
    sample_rate: Rate | None = None
    threshold: Unit | None = None


class AudioDiarize(Payload, frozen=True):
    """Who spoke when; ``num_speakers`` if the caller knows it."""

    audio_b64: bytes
    sample_rate: Rate | None = None
    num_speakers: Speakers | None = None


class VideoRoomScan(Payload, frozen=True):
    """A frame of a room scan, or its end (``complete``) → what was seen over all frames."""

    scan_id: Name
    frame_b64: bytes | None = None
    complete: bool = False


class RoomScanFrame(Payload, frozen=True):
    """What the api makes of a room scan's frame: with the reference that it keeps, once there is one."""

    frame_b64: bytes
    reference: bytes = b""


class DocIdVerify(Payload, frozen=True):
    """An identity document against a live face: the fields, and whether the faces match."""

    id_image_b64: bytes
    face_image_b64: bytes
    language: str | None = None
    threshold: Unit | None = None


class DocOcr(Payload, frozen=True):
    """The text of an image.

    ``language``: ISO 639-1 codes, comma-separated; left out, the daemon's own choice.
    """

    image_b64: bytes
    language: str | None = None


class PlagiarismAnalyze(Payload, frozen=True):
    """Was the answer written by the speaker? ``llm_profile`` names a profile of the server's configuration.

    ``proxyllm_url`` is the older way to say the same: it is compared with the profiles' and never fetched.
    """

    transcript: Text
    question: Text = ""
    llm_profile: Name | None = None
    proxyllm_url: str | None = None


class ResponseModerate(Payload, frozen=True):
    """Is the text fit for an interview? ``partial``: it is still being spoken."""

    text: Text
    partial: bool = False
    llm_profile: Name | None = None
    proxyllm_url: str | None = None


TASKS: dict[str, type[Payload]] = {
    "face_embed": FaceEmbed,
    "face_verify": FaceVerify,
    "audio_enroll": AudioEnroll,
    "audio_verify": AudioVerify,
    "audio_diarize": AudioDiarize,
    "video_room_scan": VideoRoomScan,
    "doc_id_verify": DocIdVerify,
    "doc_ocr": DocOcr,
    "plagiarism_analyze": PlagiarismAnalyze,
    "response_moderate": ResponseModerate,
}

# What schedulers get, where it is not what callers send.
AT_WORK: dict[str, type[Payload]] = TASKS | {"video_room_scan": RoomScanFrame}
