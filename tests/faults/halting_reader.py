"""A reader that stops in the middle of what readers do, to be killed there: ``python … SOCKET MOMENT``.

It writes a line once it stands at its moment: "connected" (descriptors in hand, nothing mapped), "mapped", or
"holding" a frame whose pixels it has begun to use.
"""

import asyncio
import signal
import socket
import sys

from argusd.ingest.ipc.channel import Channel
from argusd.ingest.ipc.messages import ArenaOffer, Hello, ToReader, TrackOpened
from argusd.ingest.shm.arena import ArenaView
from argusd.ingest.shm.ring import FrameReader

MOMENTS = ("connected", "mapped", "holding")


def halt(moment: str) -> None:
    """Say so, and go no further."""
    print(moment, flush=True)  # noqa: T201
    while True:
        signal.pause()


async def main(path: str, moment: str) -> None:
    """Read like any reader up to the moment."""
    told: asyncio.Queue[ToReader] = asyncio.Queue()
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(path)
    channel: Channel[ToReader] = Channel(sock, ToReader, told.put_nowait)
    channel.send(Hello("reader", "halting"))
    while not isinstance(await told.get(), ArenaOffer):
        pass
    memfd, _eventfd = channel.take_fds(2)
    if moment == "connected":
        halt(moment)
    view = ArenaView(memfd)
    if moment == "mapped":
        halt(moment)
    while not isinstance(opened := await told.get(), TrackOpened):
        pass
    reader = FrameReader(view, opened.place, opened.generation)
    while (frame := reader.newest()) is None:  # noqa: ASYNC110 - of another process
        await asyncio.sleep(0.001)
    assert frame.planes[0][0].any()
    halt(moment)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
