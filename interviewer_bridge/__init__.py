"""What a calling service imports: ask for tasks, forward streams, publish media, follow events, read results.

Importing this loads no ML library and no aiortc; ``publisher``, ``media`` and ``relay`` load aiortc.
"""

from argusd.scheduler.contract.access.tokens import SessionToken
from argusd.scheduler.contract.events import Event, Gap
from argusd.scheduler.contract.policy import Policy
from argusd.scheduler.contract.results import Results
from argusd.scheduler.contract.sessions import PolicyState

from .client import MLOrchestratorClient
from .errors import OrchestratorError
from .stream_media import AudioChunk, VideoFrame

__all__ = [
    "AudioChunk",
    "Event",
    "Gap",
    "MLOrchestratorClient",
    "OrchestratorError",
    "Policy",
    "PolicyState",
    "Results",
    "SessionToken",
    "VideoFrame",
]
