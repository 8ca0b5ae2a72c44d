"""Writers that each stop before another line of ring.py, to be killed there: ``python … FD LINES``.

This process owns the arena and makes two rings for each of them. A writer is a fork of it: it writes two
frames and two chunks of sound as they should be, then begins a third of each and stops when it has come to
its line. What is sent once it stands there: line, pid, places and generations of both rings; 0 as the line
when the third write was over before that line came.
"""

import os
import signal
import socket
import sys
from types import FrameType
from typing import Any

import numpy as np

from argusd.ingest.shm import ring as ring_module
from argusd.ingest.shm.arena import Arena
from argusd.ingest.shm.frame import i420_info, plane_shapes
from argusd.ingest.shm.ring import FrameRing, PcmRing

SIZE = (64, 48)
SLOTS = 2
CHUNK = 160
WHOLE = 2  # frames, and chunks, that were written to their end


def write(frames: FrameRing, sound: PcmRing, number: int) -> None:
    """A frame and a chunk whose every byte says which they are."""
    info = i420_info(*SIZE)
    frames.write([np.full(shape, number + 1, np.uint8) for shape in plane_shapes(info)], info)
    sound.write(np.full(CHUNK, number + 1, np.int16), number + 1, number + 1, number + 1)


class Halt:
    """Counts the lines of ring.py that run, and stops the process before one of them."""

    def __init__(self, line: int, say: Any) -> None:
        self._left = line
        self._say = say

    def __call__(self, frame: FrameType, event: str, _argument: object) -> Any:
        if frame.f_code.co_filename != ring_module.__file__:
            return None
        if event == "line":
            self._left -= 1
            if not self._left:
                sys.settrace(None)
                self._say()
                while True:
                    signal.pause()
        return self


def main(fd: int, lines: int) -> None:
    """Make a writer for every line."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, fileno=fd)
    arena = Arena(4 << 20)
    socket.send_fds(sock, [b"arena"], [arena.fd])
    for line in range(1, lines + 1):
        frames, sound = FrameRing(arena, SLOTS, i420_info(*SIZE).nbytes), PcmRing(arena, 0.02)
        where = (frames.place, frames.generation, sound.place, sound.generation)
        if not os.fork():
            for number in range(WHOLE):
                write(frames, sound, number)
            told = " ".join(map(str, (os.getpid(), *where)))
            sys.settrace(Halt(line, lambda: sock.send(f"{line} {told}".encode())))  # noqa: B023
            write(frames, sound, WHOLE)
            sys.settrace(None)
            sock.send(f"0 {told}".encode())
            signal.pause()
        sock.recv(1)  # the next one, please
        os.wait()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
