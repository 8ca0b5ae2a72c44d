"""A WHIP publisher (RFC 9725): sends a source's tracks to the daemon over real WebRTC.

Importing this module loads aiortc; the rest of this folder does without.

    async with Publisher(url, "interview-7", open_file("answer.mp4"), token=token) as publisher:
        await publisher.finished()
"""

import asyncio
import contextlib
import logging
import time
from types import TracebackType
from typing import Self
from urllib.parse import quote, urljoin

import aiohttp
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from yarl import URL

from argusd.scheduler.contract.http import EVENTS_RELATION

from ..errors import ConnectionNotMade, PublishRefused, Unreachable
from ..events import bearer
from ..refusal import refusal_of
from .loopback import offer_loopback
from .media import Source

log = logging.getLogger(__name__)

CONNECT_SECONDS = 15.0
HTTP_SECONDS = 15.0
# The last packets of a track that ended are still on their way through the daemon's jitter buffer.
LINGER_SECONDS = 0.5


class Publisher:
    """One peer connection that sends; entering the context publishes, leaving it ends the session's media.

    A daemon that says "not now" (503 or 429 with ``Retry-After``) is asked again for ``patience_s`` seconds.
    ``events_after``: the position (as for ``subscribe``) behind which this publication's events lie.
    """

    def __init__(
        self,
        url: str,
        session_id: str,
        source: Source,
        *,
        token: str | None = None,
        patience_s: float = 30.0,
    ) -> None:
        self._url = url
        self._endpoint = urljoin(url, f"/whip/{quote(session_id, safe='')}")
        self._token = token
        self._source = source
        self._patience_s = patience_s
        # An empty list, because None would ask a public STUN server; host candidates are what we need.
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connected = asyncio.Event()
        self._over = asyncio.Event()
        self._playing = len(source.tracks)
        self._resource: str | None = None
        self.events_after = ""
        self._peer.on("connectionstatechange", self._connection_changed)
        for track in source.tracks:
            self._peer.addTrack(track)
            track.on("ended", self._track_ended)
        for transceiver in self._peer.getTransceivers():
            transceiver.direction = "sendonly"
        offer_loopback(self._peer)

    async def __aenter__(self) -> Self:
        try:
            await self._publish()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def finished(self) -> None:
        """Wait until every track has come to its end and has been sent, or the connection is lost."""
        await self._over.wait()
        await asyncio.sleep(LINGER_SECONDS)

    async def close(self) -> None:
        """Delete the WHIP resource and end the peer connection; never fails."""
        if self._resource is not None:
            resource, self._resource = self._resource, None
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with self._http() as http, http.delete(resource):
                    pass
        for track in self._source.tracks:
            track.stop()
        await self._peer.close()

    async def _publish(self) -> None:
        """Offer, take the answer, and wait for the media path.

        Raises:
            PublishRefused: the daemon says no.
            Unreachable: nobody answers at its address.
            ConnectionNotMade: ICE or DTLS did not come up in time.
        """
        await self._peer.setLocalDescription(await self._peer.createOffer())
        try:
            answer = await self._exchange_patiently(self._peer.localDescription.sdp)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unreachable(f"no daemon answers at {self._url}") from error
        await self._peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        try:
            await asyncio.wait_for(self._connected.wait(), CONNECT_SECONDS)
        except TimeoutError as error:
            raise ConnectionNotMade(
                "no network path for media came up between here and the daemon"
            ) from error

    async def _exchange_patiently(self, offer: str) -> str:
        deadline = time.monotonic() + self._patience_s
        while True:
            try:
                return await self._exchange(offer)
            except PublishRefused as refusal:
                wait_s = refusal.retry_after_s
                if refusal.status not in (429, 503) or wait_s is None or time.monotonic() + wait_s > deadline:
                    raise
                log.warning("%s Asking again in %.0f s.", refusal, wait_s)
            await asyncio.sleep(wait_s)

    async def _exchange(self, offer: str) -> str:
        headers = {"Content-Type": "application/sdp"}
        async with self._http() as http, http.post(self._endpoint, data=offer, headers=headers) as response:
            if response.status != 201:
                raise await refusal_of(response, PublishRefused)
            self._resource = urljoin(self._endpoint, response.headers["Location"])
            events = response.links.get(EVENTS_RELATION)
            if events is not None:
                self.events_after = URL(events["url"]).query.get("after", "")
            return await response.text()

    def _http(self) -> aiohttp.ClientSession:
        timeout = aiohttp.ClientTimeout(total=HTTP_SECONDS)
        return aiohttp.ClientSession(headers=bearer(self._token), timeout=timeout)

    def _connection_changed(self) -> None:
        state = self._peer.connectionState
        log.info("peer connection %s", state)
        if state == "connected":
            self._connected.set()
        elif state in ("failed", "closed"):
            self._over.set()

    def _track_ended(self) -> None:
        self._playing -= 1
        if self._playing == 0:
            self._over.set()
