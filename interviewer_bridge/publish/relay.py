"""A peer's own tracks as a publisher's source: what a service receives over WebRTC goes on to the daemon.

Importing this module loads aiortc.
"""

from aiortc import MediaStreamTrack
from aiortc.contrib.media import MediaRelay

from .media import Source


def relayed(
    video: MediaStreamTrack | None, audio: MediaStreamTrack | None, relay: MediaRelay | None = None
) -> Source:
    """The peer's tracks for a ``Publisher``; they are decoded here and encoded anew.

    A service that uses the tracks itself, too, subscribes to them through the same ``relay``: a track has one
    reader. The end of the publication leaves them alone.
    """
    relay = relay or MediaRelay()
    return Source(
        # Pictures that cannot be sent in time are of no use; sound is to have no holes.
        video and relay.subscribe(video, buffered=False),
        audio and relay.subscribe(audio),
    )
