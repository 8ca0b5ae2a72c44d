"""The streams a session may ask for, by name."""

from collections.abc import Callable, Mapping

from ..contract.policy import Policy
from ..core import Analyzer
from .audio import AudioAnalyzer
from .face import FaceAnalyzer
from .lipsync import LipSyncAnalyzer
from .video import VideoAnalyzer

# Roles without which a stream still does what it is for: a daemon that lacks their models is ready.
ENRICHING = frozenset({"speaker_embedder", "lip_crops"})

ANALYZERS: Mapping[str, Callable[[Policy], Analyzer]] = {
    "face": FaceAnalyzer,
    "video": VideoAnalyzer,
    "audio": AudioAnalyzer,
    "lipsync": LipSyncAnalyzer,
}
