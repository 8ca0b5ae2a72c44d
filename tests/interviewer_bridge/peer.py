"""A browser's peer connection with a Layer-3 service, both in this process: what such a service receives."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection

from argusd.interviewer_bridge.publish.loopback import offer_loopback
from argusd.interviewer_bridge.publish.media import Source

from ..waiting import LONGEST_S


@asynccontextmanager
async def received(sent: Source) -> AsyncIterator[dict[str, MediaStreamTrack]]:
    """The service's tracks by kind, while the browser sends ``sent`` over real WebRTC."""
    browser, service = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
    tracks: dict[str, MediaStreamTrack] = {}
    connected = asyncio.Event()

    @service.on("track")
    def take(track: MediaStreamTrack) -> None:
        tracks[track.kind] = track

    @service.on("connectionstatechange")
    def changed() -> None:
        if service.connectionState == "connected":
            connected.set()

    for track in sent.tracks:
        browser.addTrack(track)
    offer_loopback(browser)
    await browser.setLocalDescription(await browser.createOffer())
    await service.setRemoteDescription(browser.localDescription)
    offer_loopback(service)
    await service.setLocalDescription(await service.createAnswer())
    await browser.setRemoteDescription(service.localDescription)
    try:
        await asyncio.wait_for(connected.wait(), LONGEST_S)
        yield tracks
    finally:
        await browser.close()
        await service.close()
