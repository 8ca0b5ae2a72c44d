"""One peer connection that sends a source's tracks, and leaves them as they are when it ends."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from ..errors import ConnectionNotMade
from .loopback import offer_loopback

log = logging.getLogger(__name__)

CONNECT_SECONDS = 15.0


class LentTrack(MediaStreamTrack):
    """A source's track as one connection has it: aiortc stops what it sends when the connection ends."""

    def __init__(self, source: MediaStreamTrack) -> None:
        super().__init__()
        self.kind = source.kind
        self._source = source

    async def recv(self) -> Any:
        """The source's next frame."""
        if self.readyState != "live":
            raise MediaStreamError
        return await self._source.recv()


class Connection:
    """``peer`` is aiortc's; ``over`` is set when it has failed or was closed, by either end."""

    def __init__(self, tracks: Sequence[MediaStreamTrack]) -> None:
        # An empty list, because None would ask a public STUN server; host candidates are what we need.
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connected = asyncio.Event()
        self.over = asyncio.Event()
        self.peer.on("connectionstatechange", self._changed)
        for track in tracks:
            self.peer.addTrack(LentTrack(track))
        for transceiver in self.peer.getTransceivers():
            transceiver.direction = "sendonly"
        offer_loopback(self.peer)

    async def offer(self) -> str:
        """Our SDP, with all candidates in it."""
        await self.peer.setLocalDescription(await self.peer.createOffer())
        return str(self.peer.localDescription.sdp)

    async def accept(self, answer: str) -> None:
        """Take the daemon's SDP, and wait for the media path.

        Raises:
            ConnectionNotMade: ICE or DTLS did not come up in time.
        """
        await self.peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        try:
            await asyncio.wait_for(self._connected.wait(), CONNECT_SECONDS)
        except TimeoutError as error:
            raise ConnectionNotMade(
                "no network path for media came up between here and the daemon"
            ) from error

    async def close(self) -> None:
        """End it."""
        await self.peer.close()

    def _changed(self) -> None:
        state = self.peer.connectionState
        log.info("peer connection %s", state)
        if state == "connected":
            self._connected.set()
        elif state in ("failed", "closed"):
            self.over.set()
