"""What an interview has watched: the face, the room, the voice, and whether lips and voice go together."""

from ..roles import (
    FACE_DETECTOR,
    FACE_EMBEDDER,
    FACE_MESH,
    LIP_CROPS,
    LIP_SYNC,
    OBJECT_DETECTOR,
    SPEAKER_EMBEDDER,
    VAD,
)
from .spec import AnswerTypes, StreamSpec

FACE = StreamSpec(
    name="face",
    tracks=("video",),
    required=(FACE_DETECTOR,),
    enriching=(FACE_MESH, FACE_EMBEDDER),
)
VIDEO = StreamSpec(name="video", tracks=("video",), required=(OBJECT_DETECTOR,))
AUDIO = StreamSpec(name="audio", tracks=("audio",), required=(VAD,), enriching=(SPEAKER_EMBEDDER,))
LIPSYNC = StreamSpec(
    name="lipsync",
    tracks=("video", "audio"),
    required=(FACE_DETECTOR, FACE_MESH, VAD, LIP_SYNC),
    enriching=(LIP_CROPS,),
    joins=(FACE, AUDIO),
    answers=AnswerTypes("sync_score", violation="lip_sync_violation"),
)
