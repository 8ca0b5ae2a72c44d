"""Rings: what a slot write costs beside a plain memcpy, and how soon a reader holds a published frame."""

import socket
import subprocess
import sys
import time
from statistics import median

import msgspec
import numpy as np

from argusd.ingest.shm.arena import Arena
from argusd.ingest.shm.frame import i420_info, plane_shapes
from argusd.ingest.shm.ring import FrameRing

from .harness import Metric, Result, machine, paired_ratio, percentile

WIDTH, HEIGHT, SLOTS = 1280, 720, 8
FRAME_INTERVAL_S = 0.006


def main(quick: bool) -> Result:
    """720p I420 frames, as an ingest worker writes them."""
    writes, memcpys = time_writes(rounds=200 if quick else 2000)
    latencies = time_wakeups(frames=200 if quick else 2000)
    return Result(
        name="ring",
        machine=machine(),
        served=len(writes) + len(latencies),
        metrics={
            "write_over_memcpy": Metric(
                paired_ratio(writes, memcpys), "x", "slot write / memcpy of the same planes", 1.0, "<= 1.4"
            ),
            "write_us": Metric(median(writes), "us", "slot write, p50", median(memcpys)),
            "publish_to_reader_p50_us": Metric(
                percentile(latencies, 50), "us", "published here → open in the other process", None, "<= 100"
            ),
            "publish_to_reader_p95_us": Metric(percentile(latencies, 95), "us", "the same, p95"),
        },
    )


class StampingArena(Arena):
    """Notes when each frame stood complete in its slot, just before readers are told."""

    def __init__(self, nbytes: int) -> None:
        super().__init__(nbytes)
        self.published: list[int] = []

    def wake(self) -> None:
        """Stamp, then wake."""
        self.published.append(time.monotonic_ns())
        super().wake()


def time_writes(rounds: int) -> tuple[list[float], list[float]]:
    """Microseconds of each slot write, and of copying the same planes into the same kind of memory."""
    info = i420_info(WIDTH, HEIGHT)
    arena = Arena(2 * SLOTS * (info.nbytes + 4096) + (1 << 20))
    ring, plain = FrameRing(arena, SLOTS, info.nbytes), FrameRing(arena, SLOTS, info.nbytes)
    random = np.random.default_rng(0)
    planes = [random.integers(0, 255, shape, np.uint8) for shape in plane_shapes(info)]
    target_at = [plain.offset + slot * plain.slot_bytes + 128 for slot in range(SLOTS)]
    writes, memcpys = [], []
    for index in range(rounds + 20):
        started = time.perf_counter_ns()
        at = target_at[index % SLOTS]
        for plane in planes:
            arena.pixels[at : at + plane.size] = plane.reshape(-1)
            at += plane.size
        copied = time.perf_counter_ns()
        ring.write(planes, info)
        written = time.perf_counter_ns()
        if index >= 20:  # the first rounds touch the pages
            memcpys.append((copied - started) / 1e3)
            writes.append((written - copied) / 1e3)
    assert arena.pixels[ring.offset + 128] == planes[0][0, 0]
    arena.close()
    return writes, memcpys


def time_wakeups(frames: int) -> list[float]:
    """Microseconds from a frame's publication to the moment another process holds that frame."""
    info = i420_info(WIDTH, HEIGHT)
    arena = StampingArena(SLOTS * (info.nbytes + 4096) + (1 << 20))
    ring = FrameRing(arena, SLOTS, info.nbytes)
    planes = [np.zeros(shape, np.uint8) for shape in plane_shapes(info)]
    ours, theirs = socket.socketpair()
    reader = subprocess.Popen(
        [sys.executable, "-m", "argusd.benchmarks.peers.ring_reader", str(theirs.fileno()), str(frames)],
        pass_fds=[theirs.fileno()],
    )
    theirs.close()
    socket.send_fds(ours, [msgspec.msgpack.encode((ring.place, ring.generation))], list(arena.attach()))
    ours.recv(1)
    for _ in range(frames):
        ring.write(planes, info)
        time.sleep(FRAME_INTERVAL_S)
    answer = bytearray()
    while chunk := ours.recv(1 << 16):
        answer += chunk
    reader.wait()
    ours.close()
    arena.close()
    seen = msgspec.msgpack.decode(answer, type=list[tuple[int, int]])
    assert len(seen) > frames // 2, "the reader slept through the benchmark"
    return [(when - arena.published[number]) / 1e3 for number, when in seen[5:]]
