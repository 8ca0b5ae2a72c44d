"""The processes of the ingest benchmark: ``python -m argusd.benchmarks.peers.ingest ROLE [ARGUMENT]``.

They speak JSON lines over stdin and stdout::

    publish CLIP   writes its offer, reads the answer, then plays the clip until stdin ends
    camera         the same with a picture that it encodes itself, and with a keyframe when asked for one
    stock          reads offers, writes answers; "count" is answered with the number of frames it had
    worker DIR     an ingest worker as the daemon runs it; writes "ready"; ends when stdin ends
"""

import asyncio
import json
import sys
from pathlib import Path

import msgspec
import uvloop
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from argusd.ingest.config import IngestConfig
from argusd.ingest.process import run_worker
from argusd.interviewer_bridge.publish.loopback import offer_loopback

from .clips import Clip, opus_clip
from .publisher import CameraTrack, PacketTrack, Publisher

MANY = 1_000_000
CAMERA = (640, 480)


def say(value: object) -> None:
    """Write one line to the benchmark."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


async def hear() -> object:
    """Read one line of the benchmark, None at the end."""
    line = await asyncio.to_thread(sys.stdin.readline)
    return json.loads(line) if line else None


async def publish(clip: Clip) -> None:
    """Publish a clip over WebRTC, in real time, again and again."""
    video = PacketTrack("video", clip.video, repeat=MANY)
    await play(Publisher([video, PacketTrack("audio", clip.audio, repeat=MANY)], clip.codec))


async def film() -> None:
    """Publish a camera and a tone."""
    await play(Publisher([CameraTrack(*CAMERA), PacketTrack("audio", opus_clip(50), repeat=MANY)]))


async def play(publisher: Publisher) -> None:
    """Offer, take the answer, go on until there is no more to hear."""
    say(await publisher.offer())
    await publisher.accept(str(await hear()))
    await hear()
    await publisher.close()


async def stock() -> None:
    """Receive as most people write it: aiortc's tracks, each frame to a BGR array on the loop."""
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    frames = {"video": 0, "audio": 0}
    consumers = []

    async def consume(track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if track.kind == "video":
                frame.to_ndarray(format="bgr24")  # type: ignore[union-attr]
            frames[track.kind] += 1

    peer.on("track", lambda track: consumers.append(asyncio.ensure_future(consume(track))))
    await peer.setRemoteDescription(RTCSessionDescription(str(await hear()), "offer"))
    offer_loopback(peer, alone=True)
    await peer.setLocalDescription(await peer.createAnswer())
    say(peer.localDescription.sdp)
    while await hear() == "count":
        say(frames["video"])


async def work(runtime_dir: Path) -> None:
    """Run an ingest worker."""
    stop = asyncio.Event()
    config = IngestConfig(runtime_dir=runtime_dir, ice_addresses=("127.0.0.1",))
    worker = asyncio.ensure_future(run_worker(config, stop, lambda: say("ready")))
    await hear()
    stop.set()
    await worker


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["publish", clip_path]:
            uvloop.run(publish(msgspec.msgpack.decode(Path(clip_path).read_bytes(), type=Clip)))
        case ["camera"]:
            uvloop.run(film())
        case ["stock"]:
            uvloop.run(stock())
        case ["worker", directory]:
            uvloop.run(work(Path(directory)))
