"""Tasks about voices: to enrol one, to verify that it is the one enrolled, and who of several spoke when."""

from typing import Annotated

import msgspec

from ..names import Name
from ..roles import DIARIZER, SPEAKER_EMBEDDER, VAD
from .spec import Audio, Payload, Rate, Reply, TaskPath, TaskSpec, Unit

VOICE_ROLES = (VAD, SPEAKER_EMBEDDER)

Speakers = Annotated[int, msgspec.Meta(ge=1, le=16)]


class AudioEnroll(Payload, frozen=True):
    """A voice → its embedding, and how good the recording is for that."""

    audio_b64: Audio
    sample_rate: Rate | None = None


class AudioEnrollReply(Reply, frozen=True):
    """The voice's embedding, the ``model`` that made it, and the quality with the figures behind it.

    ``speech_s``: seconds of speech; ``snr_db``: how loud it is beside the rest; ``clipped``: the part of its
    samples at full scale; ``consistency``: how alike the windows of it are.
    """

    embedding_b64: bytes
    model: str
    quality_score: Unit
    speech_s: float
    snr_db: float
    clipped: Unit
    consistency: float


class AudioVerify(Payload, frozen=True):
    """Is the voice the one of the reference embedding?"""

    audio_b64: Audio
    reference_embedding_b64: bytes
    reference_model: Name | None = None
    sample_rate: Rate | None = None
    threshold: Unit | None = None


class AudioVerifyReply(Reply, frozen=True):
    """The verdict on ``speech_s`` seconds of speech; the rest as for a face (``FaceVerifyReply``).

    ``probability``: that both voices are one person's, if that was as probable as not beforehand; null where
    nobody measured it for this model.
    """

    match: bool
    score: Unit
    confidence: Unit
    threshold: Unit
    speech_s: float
    probability: Unit | None = None


class AudioDiarize(Payload, frozen=True):
    """Who spoke when; ``num_speakers`` if the caller knows it."""

    audio_b64: Audio
    sample_rate: Rate | None = None
    num_speakers: Speakers | None = None


class Segment(msgspec.Struct, frozen=True):
    """A part of the sound in which one ``speaker`` speaks, in seconds."""

    speaker: str
    start_s: float
    end_s: float


class AudioDiarizeReply(Reply, frozen=True):
    """The segments in order of time, and how many speakers there are."""

    segments: list[Segment]
    speakers: int


AUDIO_ENROLL = TaskSpec(
    name="audio_enroll",
    payload=AudioEnroll,
    reply=AudioEnrollReply,
    domain="audio",
    tier="live",
    paths=(TaskPath("/audio/enroll"),),
    roles=VOICE_ROLES,
)
AUDIO_VERIFY = TaskSpec(
    name="audio_verify",
    payload=AudioVerify,
    reply=AudioVerifyReply,
    domain="audio",
    tier="live",
    paths=(TaskPath("/audio/verify"),),
    roles=VOICE_ROLES,
)
AUDIO_DIARIZE = TaskSpec(
    name="audio_diarize",
    payload=AudioDiarize,
    reply=AudioDiarizeReply,
    domain="audio",
    tier="bulk",
    paths=(TaskPath("/audio/diarize"),),
    roles=VOICE_ROLES,
    enriching=(DIARIZER,),
)
