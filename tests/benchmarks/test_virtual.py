"""Sessions in virtual time, beside what is replayed in them."""

import asyncio
import os
from pathlib import Path

from argusd.benchmarks.rigs.virtual import VirtualSessions
from argusd.scheduler.contract.policy import Policy


async def test_a_session_that_left_holds_neither_memory_nor_descriptors() -> None:
    """A run over all clips has a hundred of them."""
    sessions = VirtualSessions([], lambda _: None)

    def come_and_go(name: str) -> None:
        sessions.enter(name, Policy(), [], (64, 48), sound=True)
        sessions.serve()
        sessions.leave(name)

    come_and_go("first")
    before = held()
    for number in range(3):
        come_and_go(f"s{number}")
    await asyncio.sleep(0)
    assert held() == before


def held() -> tuple[int, int]:
    """Open descriptors, and maps of arenas."""
    return len(os.listdir("/proc/self/fd")), Path("/proc/self/maps").read_text("utf-8").count("argusd-arena")
