"""Bodies and messages: what callers send over HTTP and WebSockets, what processes send each other."""

import asyncio
import socket
from typing import Any

import msgspec

from argusd.api.http.envelope import decode_json
from argusd.api.streams.media import JpegTrack, PcmTrack
from argusd.api.streams.timed import TimedMedia
from argusd.api.tasks.infer import InferRequest
from argusd.ingest.ipc.channel import Channel
from argusd.ingest.ipc.messages import (
    OpenSession,
    SessionAnswer,
    ToController,
    ToReader,
    ToWorker,
    TrackOpened,
)
from argusd.ingest.shm.arena import Arena
from argusd.scheduler.analyzers.catalog import ANALYZERS
from argusd.scheduler.contract.catalog import PUBLIC_TASKS
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import FromScheduler, SessionPolicy, ToScheduler
from argusd.scheduler.contract.policy import Policy
from argusd.scheduler.contract.sessions import SessionSpec

from .media_targets import in_loop
from .pictures import JPEG
from .target import fuzzes
from .text_targets import refused_as_bad

REQUESTS = (
    b'{"session_id": "s", "task_type": "face_embed", "payload": {"image_b64": "AAAA"}, "timeout_s": 30.0}',
    b'{"session_id": "s", "task_type": "response_moderate", "payload": {"text": "a", "partial": true}}',
    b'{"session_id": "s", "task_type": "doc_ocr", "payload": {"image_b64": "data:image/png;base64,AA==", '
    b'"language": "en"}}',
    b'{"session_id": "s", "task_type": "audio_enroll", "payload": {"audio_b64": "A-_", "sample_rate": 8000}}',
    b"[" * 2000,
)


@fuzzes("infer", lambda: REQUESTS)
def infer(data: bytes) -> None:
    with refused_as_bad():
        asked = decode_json(data, InferRequest)
        for task in PUBLIC_TASKS.values():
            with refused_as_bad():
                decode_json(asked.payload, task.payload, at="payload")


POLICIES = (
    b'{"streams": ["face", "audio"], "policy": {}}',
    msgspec.json.encode({"policy": Policy()}),
    b'{"policy": {"identity": {"reference_embedding_b64": "AAAA", "threshold": 0.5}, "weight": 2.0}}',
    b'{"policy": {"rates": {"face_detector": 1e308, "observations": 0}, "face": {"away_s": 1e-300}}}',
)


@fuzzes("policy", lambda: POLICIES)
def policy(data: bytes) -> None:
    """A policy that is taken goes to a scheduler, whose analyzers begin and change by it."""
    with refused_as_bad():
        spec = decode_json(data, SessionSpec)
        message = SessionPolicy(MediaKey("s"), ["face"], spec.policy)
        there = msgspec.msgpack.decode(msgspec.msgpack.encode(message), type=ToScheduler)
        assert isinstance(there, SessionPolicy)
        for make in ANALYZERS.values():
            analyzer = make(there.policy)
            assert all(hz > 0 for hz in analyzer.rates.values())
            analyzer.apply(Policy())
            analyzer.apply(there.policy)


ARENA = Arena(32 << 20)
MESSAGES = (
    b'\x01{"type": "video_frame", "data_b64": "/9j/", "ts": 1.5}',
    b'\x01{"type": "audio_chunk", "data_b64": "AAAA", "ts": 1e9}',
    b"\x02" + JPEG,
    b"\x03" + bytes(640),
)


@fuzzes("websocket", lambda: MESSAGES)
def websocket(data: bytes) -> None:
    """The first byte says which stream a message comes to."""
    pictures = JpegTrack(ARENA, lambda _ring: None)
    sound = PcmTrack(ARENA, 16_000 if data[:1] < b"\x80" else 8_000, lambda _ring: None)
    kind, message = data[:1], data[1:]
    try:
        with refused_as_bad():
            if kind == b"\x01":
                media = decode_json(message, TimedMedia, whole="the message")
                track = pictures if media.type == "video_frame" else sound
                track.take(media.data_b64, media.captured_ns)
            elif kind == b"\x02":
                pictures.take(message)
            else:
                sound.take(message)
                sound.take(message, 10**9)
    finally:
        pictures.close()
        sound.close()


UNIONS: tuple[Any, ...] = (ToWorker, ToController, ToReader, ToScheduler, FromScheduler)


def ipc_seeds() -> list[bytes]:
    sent: list[msgspec.Struct] = [
        OpenSession(1, "s", "v=0"),
        SessionAnswer(1, "v=0", ("video",), "abcd"),
        TrackOpened(MediaKey("s"), "video", 1, 2),
        SessionPolicy(MediaKey("s"), ["face"], Policy()),
    ]
    bodies = [msgspec.msgpack.encode(message) for message in sent]
    return [bytes([n]) + len(body).to_bytes(4, "little") + body for n, body in enumerate(bodies)]


@fuzzes("ipc", ipc_seeds)
@in_loop
async def ipc(data: bytes) -> None:
    """What is no message ends the connection and nothing else; the first byte says who listens."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    came: list[Any] = []
    channel: Channel[Any] = Channel(ours, UNIONS[data[0] % len(UNIONS) if data else 0], came.append)
    with theirs:
        theirs.sendall(data[1:100_000])
    while not channel.closed.done():
        channel._readable()
    await asyncio.sleep(0)
