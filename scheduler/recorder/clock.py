"""When something was, in unix seconds."""

import time

from argusd.ingest.shm.frame import FrameInfo

from ..media import moments
from ..media.moments import NANOSECONDS


def wall_clock(monotonic_ns: int) -> float:
    """A moment on this host."""
    return (monotonic_ns + _offset_ns()) / NANOSECONDS


def captured_at(info: FrameInfo) -> float:
    """When a picture was captured, as schedulers tell it."""
    return moments.captured_at(info, _offset_ns())


def _offset_ns() -> int:
    return time.time_ns() - time.monotonic_ns()
