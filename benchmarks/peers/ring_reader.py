"""The reading process of the ring benchmark: sleeps on the eventfd, notes when it holds the newest frame."""

import asyncio
import os
import socket
import sys
import time

import msgspec
import uvloop

from argusd.ingest.shm.arena import ArenaView
from argusd.ingest.shm.ring import FrameReader


async def read(sock: socket.socket, frames: int) -> None:
    """Take frames until number ``frames - 1`` came; send back (frame number, monotonic ns) of each."""
    message, (memfd, eventfd), _, _ = socket.recv_fds(sock, 64, 2)
    row, generation = msgspec.msgpack.decode(message, type=tuple[int, int])
    reader = FrameReader(ArenaView(memfd), row, generation)
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    seen: list[tuple[int, int]] = []

    def woken() -> None:
        os.eventfd_read(eventfd)
        frame = reader.newest()
        if frame is not None:
            seen.append((frame.number, time.monotonic_ns()))
            if frame.number == frames - 1:
                done.set()

    loop.add_reader(eventfd, woken)
    sock.sendall(b"r")
    await done.wait()
    sock.sendall(msgspec.msgpack.encode(seen))


if __name__ == "__main__":
    uvloop.run(read(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])))
