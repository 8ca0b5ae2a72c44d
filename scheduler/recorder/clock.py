"""When something was, in unix seconds."""

import time

from argusd.ingest.shm.frame import FrameInfo

NANOSECONDS = 1e9


def wall_clock(monotonic_ns: int) -> float:
    """A moment on this host."""
    return (monotonic_ns + time.time_ns() - time.monotonic_ns()) / NANOSECONDS


def captured_at(info: FrameInfo) -> float:
    """When a picture was captured, by the sender's clock where that is known, as schedulers tell it."""
    return info.captured_ns / NANOSECONDS if info.captured_ns else wall_clock(info.arrival_ns)
