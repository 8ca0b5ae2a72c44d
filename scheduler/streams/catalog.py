"""The streams a session may ask for, by name."""

from collections.abc import Callable, Mapping

from ..core import Stream
from ..policy import Policy
from .audio import AudioStream
from .face import FaceStream
from .lipsync import LipSyncStream
from .video import VideoStream

# Roles without which a stream still does what it is for: a daemon that lacks their models is ready.
ENRICHING = frozenset({"speaker_embedder", "lip_crops"})

STREAMS: Mapping[str, Callable[[Policy], Stream]] = {
    "face": FaceStream,
    "video": VideoStream,
    "audio": AudioStream,
    "lipsync": LipSyncStream,
}
