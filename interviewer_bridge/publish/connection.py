"""One peer connection that sends a source's tracks, and leaves them as they are when it ends."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

from aiortc import RTCConfiguration, RTCIceTransport, RTCPeerConnection, RTCSessionDescription

from ..errors import ConnectionNotMade
from .feed import Feed, LentTrack
from .loopback import offer_loopback

log = logging.getLogger(__name__)

CONNECT_SECONDS = 15.0


class Connection:
    """``peer`` is aiortc's; ``over`` is set when it has failed or was closed, by either end.

    ``failed``: the path was lost, or never came up; nobody ended it in order.
    """

    def __init__(self, feeds: Sequence[Feed]) -> None:
        # An empty list, because None would ask a public STUN server; host candidates are what we need.
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connected = asyncio.Event()
        self.over = asyncio.Event()
        self.failed = False
        self.peer.on("connectionstatechange", self._changed)
        for feed in feeds:
            self.peer.addTrack(LentTrack(feed))
        # What was closed after its path was lost is told from what the daemon closed by this alone.
        for path in {sender.transport.transport for sender in self.peer.getSenders()}:
            path.on("statechange", partial(self._path_changed, path))
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

    def stop(self) -> None:
        """Take no more of the feeds."""
        for sender in self.peer.getSenders():
            if sender.track is not None:
                sender.track.stop()

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

    def _path_changed(self, path: RTCIceTransport) -> None:
        if path.state == "failed":
            self.failed = True
