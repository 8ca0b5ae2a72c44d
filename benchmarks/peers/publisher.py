"""A real aiortc peer that publishes encoded clips."""

import asyncio
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import av
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from argusd.interviewer_bridge.publish.loopback import offer_loopback

from .clips import FPS, OPUS_CLOCKS, Scene
from .packetizer import teach_aiortc

VIDEO_CLOCK, AUDIO_CLOCK = 90_000, 48_000
DRAWN = 60  # pictures of a camera


class PacketTrack(MediaStreamTrack):
    """Plays encoded packets in real time, ``repeat`` times; then the peer is silent.

    ``started``: when the first was sent, on the loop's clock; ``step``: RTP ticks from one to the next.
    """

    def __init__(self, kind: str, packets: Sequence[bytes], *, repeat: int = 1, fps: int = FPS) -> None:
        super().__init__()
        self.kind = kind
        self.packets = packets
        self.sent = 0
        self._limit = repeat * len(packets)
        self._clock_rate = VIDEO_CLOCK if kind == "video" else AUDIO_CLOCK
        self.step = VIDEO_CLOCK // fps if kind == "video" else OPUS_CLOCKS
        self.started = 0.0

    async def recv(self) -> "av.Packet[Any]":
        """The next packet, when it is due."""
        loop = asyncio.get_running_loop()
        self.started = self.started or loop.time()
        if self.sent >= self._limit:
            await loop.create_future()
        due = self.started + self.sent * self.step / self._clock_rate
        await asyncio.sleep(max(0.0, due - loop.time()))
        packet = av.Packet(self.packets[self.sent % len(self.packets)])
        packet.pts, packet.time_base = self.sent * self.step, Fraction(1, self._clock_rate)
        self.sent += 1
        return packet


class CameraTrack(MediaStreamTrack):
    """Raw pictures in real time: aiortc encodes them, and answers a request for a keyframe with one."""

    kind = "video"

    def __init__(self, width: int, height: int) -> None:
        super().__init__()
        self._scene = Scene(width, height)
        self._pictures: list[av.VideoFrame] = []
        self._index = 0
        self._start = 0.0

    async def recv(self) -> av.VideoFrame:
        """The next picture, when it is due."""
        loop = asyncio.get_running_loop()
        self._start = self._start or loop.time()
        await asyncio.sleep(max(0.0, self._start + self._index / FPS - loop.time()))
        picture = self._picture(self._index)
        picture.pts, picture.time_base = self._index * VIDEO_CLOCK // FPS, Fraction(1, VIDEO_CLOCK)
        self._index += 1
        return picture

    def _picture(self, index: int) -> av.VideoFrame:
        """The scene goes to and fro; a picture is drawn once."""
        if index < DRAWN:
            self._pictures.append(self._scene.picture(index))
        within = index % (2 * DRAWN)
        return self._pictures[min(within, 2 * DRAWN - 1 - within)]


class Publisher:
    """Offers its tracks from 127.0.0.1; ``codec`` is the video codec that is offered."""

    def __init__(self, tracks: Sequence[MediaStreamTrack], codec: str = "vp8") -> None:
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.connected = asyncio.Event()
        self.peer.on("connectionstatechange", self._state_changed)
        if codec in ("vp9", "av1"):
            teach_aiortc()
        for track in tracks:
            transceiver = self.peer.addTransceiver(track, "sendonly")
            capabilities = transceiver.sender.getCapabilities(track.kind).codecs
            wanted = ("audio/opus", f"video/{codec}", "video/rtx")
            transceiver.setCodecPreferences([c for c in capabilities if c.mimeType.lower() in wanted])
        offer_loopback(self.peer, alone=True)

    async def offer(self) -> str:
        """The SDP offer, with all candidates."""
        await self.peer.setLocalDescription(await self.peer.createOffer())
        return self.peer.localDescription.sdp

    async def accept(self, answer_sdp: str) -> None:
        """Take the answer and wait until the media flows."""
        await self.peer.setRemoteDescription(RTCSessionDescription(answer_sdp, "answer"))
        await asyncio.wait_for(self.connected.wait(), 20)

    async def close(self) -> None:
        """Say goodbye."""
        await self.peer.close()

    def _state_changed(self) -> None:
        if self.peer.connectionState == "connected":
            self.connected.set()
