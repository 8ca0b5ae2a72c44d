"""A process that writes patterned frames and samples into an arena as fast as it can, until it is killed."""

import socket
import sys

import numpy as np

from argusd.ingest.shm.arena import Arena
from argusd.ingest.shm.frame import i420_info
from argusd.ingest.shm.ring import FrameRing, PcmRing

WIDTH, HEIGHT, SLOTS = 64, 48, 4
CHUNK = 160
PCM_SECONDS = 0.1


def main(fd: int) -> None:
    sock = socket.socket(fileno=fd)
    arena = Arena(1 << 20)
    info = i420_info(WIDTH, HEIGHT)
    frames = FrameRing(arena, SLOTS, info.nbytes)
    pcm = PcmRing(arena, PCM_SECONDS)
    socket.send_fds(sock, [b"%d %d" % (frames.place, pcm.place)], [arena.fd])
    number = 0
    while True:
        value = number % 251
        planes = [np.full(shape, value, np.uint8) for shape in ((48, 64), (24, 32), (24, 32))]
        frames.write(planes, info)
        pcm.write(np.full(CHUNK, number % 32_749, np.int16), 0, 0, 0)
        number += 1


if __name__ == "__main__":
    main(int(sys.argv[1]))
