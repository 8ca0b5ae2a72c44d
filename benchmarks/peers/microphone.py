"""The writing process of the benchmark of listening: many sessions' samples without WebRTC.

Publishes so many seconds at a time for each session, spread evenly, and offers its arena on a unix socket
exactly as an ingest worker does.
"""

import asyncio
import sys
import time
from pathlib import Path

import numpy as np
import uvloop

from argusd.ingest.shm.arena import Arena
from argusd.ingest.shm.ring import PcmRing
from argusd.scheduler.contract.media import SAMPLE_RATE

from .camera import Offer

RING_S = 4.0


class Microphones:
    """``count`` sessions from s``first`` on, each with one audio ring."""

    def __init__(self, path: Path, count: int, part_s: float, first: int) -> None:
        arena = Arena(count * (int(2 * RING_S * SAMPLE_RATE) + 4096) + (1 << 20))
        self._rings = [PcmRing(arena, RING_S) for _ in range(count)]
        self._offer = Offer(path, arena, "audio", self._rings, first)
        self._part_s = part_s

    async def run(self) -> None:
        """Publish for as long as this process lives."""
        rng = np.random.default_rng(1)
        part = rng.normal(0, 1000, int(self._part_s * SAMPLE_RATE)).astype(np.int16)
        started, written, wanted = time.monotonic(), 0, len(self._rings) / self._part_s
        while True:
            due = int((time.monotonic() - started) * wanted)
            for number in range(written, due):
                ring = self._rings[number % len(self._rings)]
                ring.write(part, 0, time.monotonic_ns(), ring.head)
            written = due
            await asyncio.sleep(0.002)


async def main(path: Path, count: int, part_s: float, first: int) -> None:
    """Serve until killed."""
    await Microphones(path, count, part_s, first).run()


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))
