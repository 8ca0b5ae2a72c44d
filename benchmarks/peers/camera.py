"""The writing process of the scheduler's benchmarks: an ingest worker's arena without WebRTC.

Publishes I420 frames for many sessions at a steady rate, spread evenly over the frame interval, and offers
its arena on a unix socket exactly as an ingest worker does.
"""

import asyncio
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import uvloop
from numpy.typing import NDArray

from argusd.ingest.ipc.channel import Channel, Listener
from argusd.ingest.ipc.messages import ArenaOffer, Hello, ToWorker, TrackOpened
from argusd.ingest.shm.arena import Arena
from argusd.ingest.shm.frame import FrameInfo, i420_info, plane_shapes
from argusd.ingest.shm.ring import FrameRing, PcmRing
from argusd.scheduler.contract.media import TrackKind
from argusd.scheduler.contract.media_key import MediaKey

WIDTH, HEIGHT, SLOTS = 640, 480, 4
RTP_CLOCK = 90_000


class Offer:
    """Offers an arena and its rings, one of each session from s``first`` on, to whoever connects."""

    def __init__(
        self, path: Path, arena: Arena, kind: TrackKind, rings: Sequence[FrameRing | PcmRing], first: int
    ) -> None:
        self._arena = arena
        self._opened = [
            TrackOpened(MediaKey(f"s{number}"), kind, ring.place, ring.generation)
            for number, ring in enumerate(rings, first)
        ]
        self._readers: list[Channel[Hello]] = []
        self._listener = Listener(path, self._accept)

    def _accept(self, sock: socket.socket) -> None:
        reader = Channel[Hello](sock, ToWorker, lambda _: None)
        reader.send(ArenaOffer("benchmark"), list(self._arena.attach()))
        for opened in self._opened:
            reader.send(opened)
        self._readers.append(reader)


class Cameras:
    """``count`` sessions from s``first`` on, each with a video ring of pictures of this size."""

    def __init__(self, path: Path, count: int, fps: float, width: int, height: int, first: int) -> None:
        self._info = i420_info(width, height)
        arena = Arena(count * SLOTS * (self._info.nbytes + 4096) + (1 << 20))
        self._rings = [FrameRing(arena, SLOTS, self._info.nbytes) for _ in range(count)]
        self._offer = Offer(path, arena, "video", self._rings, first)
        self._planes = _picture(self._info)
        self._fps = fps

    async def run(self) -> None:
        """Publish for as long as this process lives."""
        loop, started, tick = asyncio.get_running_loop(), time.monotonic(), 0
        while True:
            ring = self._rings[tick % len(self._rings)]
            frame = tick // len(self._rings)
            ring.write(
                self._planes,
                msgspec.structs.replace(
                    self._info,
                    arrival_ns=time.monotonic_ns(),
                    rtp_timestamp=int(frame * RTP_CLOCK / self._fps),
                ),
            )
            tick += 1
            due = started + tick / (self._fps * len(self._rings))
            await asyncio.sleep(max(0.0, due - loop.time()))


def _picture(info: FrameInfo) -> list[NDArray[np.uint8]]:
    """A smooth picture: what it shows is of no account, only how large it is."""
    return [
        np.add.outer(np.arange(rows), np.arange(columns)).astype(np.uint8)
        for rows, columns in plane_shapes(info)
    ]


async def main(path: Path, count: int, fps: float, width: int, height: int, first: int) -> None:
    """Serve until killed."""
    await Cameras(path, count, fps, width, height, first).run()


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), *map(int, sys.argv[4:])))
