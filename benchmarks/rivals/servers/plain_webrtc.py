"""The plain design's front for WebRTC: stock aiortc, and what it receives handed on to the domains' services.

``python -m argusd.benchmarks.rivals.servers.plain_webrtc PORT FACE_PORT VIDEO_PORT AUDIO_PORT``. A WHIP offer
(RFC 9725) is answered; every answer of the services is an event of ``/events``, whose ``data.rtp`` is the RTP
timestamp of what it is about. Pictures go on as I420, which costs less than encoding and decoding a JPEG.
It runs in argusd's own environment, which has aiortc.
"""

import asyncio
import sys
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

import aiohttp
import av
import msgspec
import numpy as np
import uvloop
from aiohttp import web
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError

from argusd.interviewer_bridge.publish.loopback import offer_loopback

HOST = "127.0.0.1"
RATES = {"face": 5.0, "video": 1.0}  # Hz
SAMPLE_RATE, WINDOW = 16_000, 512
AUDIO_CLOCK, VIDEO_CLOCK = 48_000, 90_000


class Readers:
    """Those who read events."""

    def __init__(self) -> None:
        self._readers: set[asyncio.Queue[bytes]] = set()
        self._number = 0

    async def events(self, request: web.Request) -> web.StreamResponse:
        """``GET /events``: all that is found from now on."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        reader: asyncio.Queue[bytes] = asyncio.Queue()
        self._readers.add(reader)
        try:
            while True:
                await response.write(await reader.get())
        finally:
            self._readers.discard(reader)

    def tell(self, session_id: str, domain: str, rtp: int, answer: dict[str, Any]) -> None:
        """One answer of a service."""
        self._number += 1
        event = {
            "session_id": session_id,
            "type": "observation",
            "stream": domain,
            "name": domain,
            "state": "update",
            "captured_at": time.time(),
            "data": {**answer, "rtp": rtp},
        }
        for reader in self._readers:
            reader.put_nowait(b"id: %d\ndata: %s\n\n" % (self._number, msgspec.json.encode(event)))


class Service:
    """A session's WebSocket to one domain's service, which answers every message in turn."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, session_id: str, domain: str) -> None:
        self._socket = socket
        self._session_id = session_id
        self._domain = domain
        self._about: deque[int] = deque()

    async def send(self, message: bytes, rtp: int) -> None:
        """Hand something on."""
        self._about.append(rtp)
        await self._socket.send_bytes(message)

    async def read(self, readers: Readers) -> None:
        """Tell every answer."""
        async for message in self._socket:
            answer = msgspec.json.decode(message.data)
            readers.tell(self._session_id, self._domain, self._about.popleft(), answer)


class Windows:
    """Cuts sound into windows of 16 kHz."""

    def __init__(self) -> None:
        self._resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE)
        self._held = np.zeros(0, np.int16)
        self._first: int | None = None

    def cut(self, frame: av.AudioFrame, rtp: int) -> Iterator[tuple[bytes, int]]:
        """The windows that ``frame`` completes, and the RTP timestamp of each one's first sample."""
        self._first = rtp if self._first is None else self._first
        pieces = [piece.to_ndarray()[0] for piece in self._resampler.resample(frame)]
        self._held = np.concatenate([self._held, *pieces])
        while len(self._held) >= WINDOW:
            yield self._held[:WINDOW].tobytes(), self._first
            self._held = self._held[WINDOW:]
            self._first += WINDOW * AUDIO_CLOCK // SAMPLE_RATE


class Front:
    """All sessions."""

    def __init__(self, http: aiohttp.ClientSession, ports: dict[str, int], readers: Readers) -> None:
        self._http = http
        self._ports = ports
        self._readers = readers
        self._peers: dict[str, RTCPeerConnection] = {}
        self._tasks: dict[str, list[asyncio.Task[None]]] = {}

    async def offer(self, request: web.Request) -> web.Response:
        """``POST /whip/{id}``."""
        session_id = request.match_info["id"]
        services = {domain: await self._service(session_id, domain) for domain in self._ports}
        peer = self._peers[session_id] = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        tasks = self._tasks[session_id] = [
            asyncio.create_task(each.read(self._readers)) for each in services.values()
        ]

        def received(track: MediaStreamTrack) -> None:
            receiver = next(each.receiver for each in peer.getTransceivers() if each.receiver.track is track)
            consume = look if track.kind == "video" else listen
            tasks.append(asyncio.create_task(consume(track, receiver, services)))

        peer.on("track", received)
        await peer.setRemoteDescription(RTCSessionDescription(await request.text(), "offer"))
        offer_loopback(peer, alone=True)
        await peer.setLocalDescription(await peer.createAnswer())
        headers = {"Location": f"/whip/{session_id}"}
        sdp = peer.localDescription.sdp
        return web.Response(status=201, text=sdp, content_type="application/sdp", headers=headers)

    async def end(self, request: web.Request) -> web.Response:
        """``DELETE /whip/{id}``."""
        session_id = request.match_info["id"]
        for task in self._tasks.pop(session_id):
            task.cancel()
        await self._peers.pop(session_id).close()
        return web.Response()

    async def _service(self, session_id: str, domain: str) -> Service:
        url = f"ws://{HOST}:{self._ports[domain]}/stream/{session_id}"
        socket = await self._http.ws_connect(url, max_msg_size=0, compress=0)
        return Service(socket, session_id, domain)


def rtp_of(frame: av.VideoFrame | av.AudioFrame, receiver: RTCRtpReceiver) -> int:
    """The RTP timestamp of a frame: aiortc counts from the first that it received."""
    return int(frame.pts or 0) + receiver._RTCRtpReceiver__timestamp_mapper._origin  # type: ignore[attr-defined,no-any-return]


async def look(track: MediaStreamTrack, receiver: RTCRtpReceiver, services: dict[str, Service]) -> None:
    """Hand pictures on, as often as each service is to look."""
    next_due = dict.fromkeys(RATES, 0)
    while True:
        try:
            frame = await track.recv()
        except MediaStreamError:
            return
        assert isinstance(frame, av.VideoFrame)
        due = [domain for domain in RATES if (frame.pts or 0) >= next_due[domain]]
        picture = frame.to_ndarray(format="yuv420p").tobytes() if due else b""
        for domain in due:
            next_due[domain] += int(VIDEO_CLOCK / RATES[domain])
            await services[domain].send(picture, rtp_of(frame, receiver))


async def listen(track: MediaStreamTrack, receiver: RTCRtpReceiver, services: dict[str, Service]) -> None:
    """Hand windows of sound on."""
    windows = Windows()
    while True:
        try:
            frame = await track.recv()
        except MediaStreamError:
            return
        assert isinstance(frame, av.AudioFrame)
        for window, rtp in windows.cut(frame, rtp_of(frame, receiver)):
            await services["audio"].send(window, rtp)


async def serve(port: int, ports: dict[str, int]) -> None:
    """Until killed."""
    readers, app = Readers(), web.Application()
    async with aiohttp.ClientSession() as http:
        front = Front(http, ports, readers)
        app.add_routes(
            [
                web.get("/events", readers.events),
                web.post("/whip/{id}", front.offer),
                web.delete("/whip/{id}", front.end),
            ]
        )
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, HOST, port).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    own, *others = map(int, sys.argv[1:])
    uvloop.run(serve(own, dict(zip(("face", "video", "audio"), others, strict=True))))
