"""What a calling service imports: ask for tasks, forward streams, publish media, follow events, read results.

Importing this loads no ML library and no aiortc; ``publisher``, ``media`` and ``relay`` load aiortc.
"""

from argusd.api.event import Event
from argusd.api.results import Results
from argusd.scheduler.policy import Policy

from .client import MLOrchestratorClient
from .errors import OrchestratorError
from .events import Gap
from .stream_media import AudioChunk, VideoFrame

__all__ = [
    "AudioChunk",
    "Event",
    "Gap",
    "MLOrchestratorClient",
    "OrchestratorError",
    "Policy",
    "Results",
    "VideoFrame",
]
