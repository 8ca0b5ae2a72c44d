"""Somebody before a camera: publishes a clip to a session until asked to end (SIGTERM), or killed.

Prints a line once the media flow.
"""

import asyncio
import signal
import sys
from pathlib import Path

import msgspec

from argusd.interviewer_bridge.publish.media import Source
from argusd.interviewer_bridge.publish.publisher import Publisher

from .clips import opus_clip
from .publisher import PacketTrack

MANY = 1_000_000


async def publish(url: str, session_id: str, packets: list[bytes], fps: int) -> None:
    """Publish a clip, over and over."""
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.set)
    seconds = len(packets) // fps
    tracks = Source(
        PacketTrack("video", packets, repeat=MANY, fps=fps),
        PacketTrack("audio", opus_clip(50 * seconds), repeat=MANY),
    )
    async with Publisher(url, session_id, tracks):
        print("live", flush=True)
        await asked.wait()


if __name__ == "__main__":
    clip = msgspec.msgpack.decode(Path(sys.argv[3]).read_bytes(), type=list[bytes])
    asyncio.run(publish(sys.argv[1], sys.argv[2], clip, int(sys.argv[4])))
