"""What an interview has watched: the face, the room, the voice, and whether lips and voice go together."""

from collections.abc import Mapping
from math import inf

from ..policy import IN_DOUBT, Policy
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
from ..told import findings
from ..told.results import AudioData, FaceData, LipSyncData, VideoData
from .spec import AnswerTypes, StreamSpec


def face_hz(policy: Policy) -> Mapping[str, float]:
    """Twice as many of a session in doubt."""
    most = IN_DOUBT if policy.gates.calm_session else 1.0
    identity = {FACE_EMBEDDER: 1 / policy.identity.period_s} if policy.identity else {}
    rates = policy.rates
    return {FACE_DETECTOR: most * rates.face_detector, FACE_MESH: most * rates.face_mesh} | identity


def video_hz(policy: Policy) -> Mapping[str, float]:
    """Twice as many of a session in doubt."""
    most = IN_DOUBT if policy.gates.calm_session else 1.0
    return {OBJECT_DETECTOR: most * policy.rates.object_detector}


def lipsync_hz(policy: Policy) -> Mapping[str, float]:
    """Each picture, where a model sees lips in them; another one is content with landmarks."""
    rates = policy.rates
    return {FACE_DETECTOR: rates.face_detector, FACE_MESH: rates.mouth, LIP_CROPS: inf}


FACE = StreamSpec(
    name="face",
    tracks=("video",),
    required=(FACE_DETECTOR,),
    enriching=(FACE_MESH, FACE_EMBEDDER),
    pictures_hz=face_hz,
    result=FaceData,
    violations={
        "face_absent": findings.FacesCounted,
        "multiple_faces": findings.FacesCounted,
        "gaze_away": findings.LookedAway,
        "head_turned": findings.LookedAway,
        "not_live": findings.NotLive,
        "identity_mismatch": findings.Mismatch,
    },
)
VIDEO = StreamSpec(
    name="video",
    tracks=("video",),
    required=(OBJECT_DETECTOR,),
    pictures_hz=video_hz,
    result=VideoData,
    violations={"phone_detected": findings.Seen, "multiple_people": findings.PeopleCounted},
)
AUDIO = StreamSpec(
    name="audio",
    tracks=("audio",),
    required=(VAD,),
    enriching=(SPEAKER_EMBEDDER,),
    result=AudioData,
    violations={"speech_detected": findings.Heard, "second_speaker": findings.OtherVoice},
    observations={"speech": findings.SpeechTold, "speaker_change": findings.VoiceChanged},
)
OUT_OF_SYNC = "lip_sync_violation"
LIPSYNC = StreamSpec(
    name="lipsync",
    tracks=("video", "audio"),
    required=(FACE_DETECTOR, FACE_MESH, VAD, LIP_SYNC),
    enriching=(LIP_CROPS,),
    joins=(FACE, AUDIO),
    pictures_hz=lipsync_hz,
    answers=AnswerTypes("sync_score", violation=OUT_OF_SYNC),
    result=LipSyncData,
    violations={OUT_OF_SYNC: findings.OutOfSync},
)
