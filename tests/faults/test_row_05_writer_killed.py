"""A writer is killed before any line of a write: what it was writing is never used, all before it is."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from argusd.ingest.shm.arena import ArenaView
from argusd.ingest.shm.ring import FrameReader, gather_pcm

from .halting_writers import CHUNK, WHOLE
from .outcome import Outcome

LINES = 60  # more than a frame and a chunk take
PROGRAM = Path(__file__).with_name("halting_writers.py")


@pytest.mark.fault(5, "writer killed in the middle of a slot")
def test_what_it_was_writing_is_never_used(outcome: Outcome) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, str(PROGRAM), str(theirs.fileno()), str(LINES)]
    with ours, subprocess.Popen(command, pass_fds=[theirs.fileno()]) as program:
        theirs.close()
        _, (memfd,), _, _ = socket.recv_fds(ours, 64, 1)
        view = ArenaView(memfd)
        os.close(memfd)
        newest = []
        for _ in range(LINES):
            line, pid, *where = map(int, ours.recv(256).split())
            before = held(view, where)
            os.kill(pid, signal.SIGKILL)
            newest.append(read(view, where))
            assert held(view, where) == before
            ours.send(b"!")
            if not line:
                break
        program.kill()
    assert line == 0, "the last line of a write was not reached"
    # First nobody sees the third frame, then everybody does, and the same of its sound.
    assert newest == sorted(newest)
    assert newest[0] == (WHOLE, WHOLE)
    assert newest[-1] == (WHOLE + 1, WHOLE + 1)
    outcome.lost(0)


def held(view: ArenaView, where: list[int]) -> list[bool]:
    """Whether each frame that a reader may have in its hands is still what it was."""
    reader = FrameReader(view, *where[:2])
    words = [(reader._offset + number % 2 * reader._slot_bytes) >> 3 for number in range(WHOLE + 1)]
    return [reader.holds(word, number) for number, word in enumerate(words)]


def read(view: ArenaView, where: list[int]) -> tuple[int, int]:
    """How many frames, and chunks of sound, there are to a reader; all of each are of one write."""
    frame = FrameReader(view, *where[:2]).newest()
    assert frame is not None
    values = {int(value) for plane in frame.planes for value in np.unique(plane)}
    assert values == {frame.number + 1}
    assert frame.valid()
    place, generation = np.array(where[2:3]), np.array(where[3:], np.uint64)
    chunks = 0
    for number in range(WHOLE + 1):
        got = gather_pcm(view, place, generation, np.array([number * CHUNK]), CHUNK)
        if got.ok[0]:
            assert np.unique(got.samples).tolist() == [number + 1]
            chunks = number + 1
    return frame.number + 1, chunks
