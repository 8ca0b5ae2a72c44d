"""Sessions that become more, and are looked at as often together however many they are.

So batches stay as they are, and what memory grows by is the sessions' own.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Protocol

import aiohttp

from argusd.interviewer_bridge.publish.media import Source
from argusd.interviewer_bridge.publish.publisher import Publisher
from argusd.scheduler.contract.media import SAMPLE_RATE
from argusd.scheduler.contract.roles import FACE_DETECTOR, FACE_MESH, OBJECT_DETECTOR

from .clips import opus_clip
from .portrait import CLIP_SECONDS, FPS, MANY
from .publisher import PacketTrack

FEWEST = 2  # who are so many, or fewer, are looked at as often as any session
PICTURES_PER_S, PIECES_PER_S = 5, 10
PIECE = bytes(2 * SAMPLE_RATE // PIECES_PER_S)
RATES = {FACE_DETECTOR: 4.0, FACE_MESH: 8.0, OBJECT_DETECTOR: 1.0}


class Crowd(Protocol):
    """Sessions of one kind, for the time of a context."""

    async def __aenter__(self) -> "Crowd": ...

    async def __aexit__(self, *raised: object) -> None: ...

    async def grow(self, count: int) -> None:
        """Be so many sessions, together looked at as often as ``FEWEST`` of them."""

    async def hurry(self) -> None:
        """Each is looked at as often as any session from now on."""


class WebSocketCrowd:
    """Each sends pictures for faces and for objects, and sound, over three WebSockets.

    ``share``: how many of its pictures each one sends.
    """

    def __init__(self, url: str, picture: bytes) -> None:
        self.share = 1.0
        self._url = url
        self._picture = picture
        self._count = 0
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "WebSocketCrowd":
        self._http = await self._stack.enter_async_context(aiohttp.ClientSession(self._url))
        return self

    async def __aexit__(self, *raised: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stack.aclose()

    async def grow(self, count: int) -> None:
        """Be so many."""
        self.share = FEWEST / count
        for number in range(self._count, count):
            for stream, pictures_per_s in (("face", PICTURES_PER_S), ("video", 1), ("audio", 0)):
                path = f"/ml/stream/websocket{number}/{stream}"
                socket = await self._stack.enter_async_context(self._http.ws_connect(path))
                sending = self._sound(socket) if stream == "audio" else self._pictures(socket, pictures_per_s)
                self._tasks += [asyncio.create_task(sending), asyncio.create_task(drain(socket))]
        self._count = count

    async def hurry(self) -> None:
        """Send all pictures."""
        self.share = 1.0

    async def _pictures(self, socket: aiohttp.ClientWebSocketResponse, per_s: float) -> None:
        while True:
            await socket.send_bytes(self._picture)
            await asyncio.sleep(1 / (per_s * self.share))

    async def _sound(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            await socket.send_bytes(PIECE)
            await asyncio.sleep(1 / PIECES_PER_S)


async def drain(socket: aiohttp.ClientWebSocketResponse) -> None:
    """Read answers, so that the daemon has to keep none."""
    async for _ in socket:
        pass


class WebRTCCrowd:
    """Each publishes a picture and sound; its policy says how often it is looked at."""

    def __init__(self, url: str, clip: Sequence[bytes]) -> None:
        self._url = url
        self._clip = clip
        self._count = 0
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "WebRTCCrowd":
        self._http = await self._stack.enter_async_context(aiohttp.ClientSession(self._url))
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self._stack.aclose()

    async def grow(self, count: int) -> None:
        """Be so many."""
        new = range(self._count, count)
        self._count = count
        await self._put(FEWEST / count)
        for number in new:
            video = PacketTrack("video", self._clip, repeat=MANY, fps=FPS)
            audio = PacketTrack("audio", opus_clip(50 * CLIP_SECONDS), repeat=MANY)
            publisher = Publisher(self._url, f"webrtc{number}", Source(video, audio))
            await self._stack.enter_async_context(publisher)

    async def hurry(self) -> None:
        """Ask for all looks."""
        await self._put(1.0)

    async def _put(self, share: float) -> None:
        body = {"policy": {"rates": {role: rate * share for role, rate in RATES.items()}}}
        for number in range(self._count):
            async with self._http.put(f"/sessions/webrtc{number}", json=body) as response:
                response.raise_for_status()
