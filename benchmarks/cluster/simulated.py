"""Hosts that only beat: as many as one Redis may have to bear, and some of them die."""

import asyncio
import random
import time
from collections.abc import Iterator

from redis.asyncio import Redis

from argusd.api.hosts.beats import LIFE_S, Beats, Host
from argusd.api.hosts.hosts import BEAT_EVERY_S

TOGETHER = 25  # beats of one pipeline: more would hold up what is measured beside them
ROOM = 1000
DYING = 0.01  # of all, in a minute


class SimulatedHosts:
    """``count`` hosts. ``placed``: how many sessions each was given; ``dead``: since when one is."""

    def __init__(self, redis: Redis, count: int) -> None:
        self._redis = redis
        self._beats = Beats(redis)
        self.placed = {f"host-{number}": 0 for number in range(count)}
        self.dead: dict[str, float] = {}
        self._taken: dict[str, list[str]] = {}
        self.late_s = 0.0

    async def beat(self) -> None:
        """One beat of each."""
        for host_ids in self._slices():
            await self._tell(host_ids)

    async def run(self) -> None:
        """Beat every second, evenly spread, and die, until cancelled."""
        dying = asyncio.create_task(self._die())
        try:
            while True:
                began, slices = time.monotonic(), list(self._slices())
                for number, host_ids in enumerate(slices, 1):
                    await self._tell(host_ids)
                    ahead_s = began + number * BEAT_EVERY_S / len(slices) - time.monotonic()
                    self.late_s = max(self.late_s, -ahead_s)
                    await asyncio.sleep(max(0.0, ahead_s))
        finally:
            dying.cancel()

    def place(self, host_id: str, session_id: str) -> None:
        """A session has come to a host.

        Raises:
            AssertionError: nobody can have held that host for alive.
        """
        died = self.dead.get(host_id)
        assert died is None or time.monotonic() - died < BEAT_EVERY_S + LIFE_S, "a dead host was chosen"
        self.placed[host_id] += 1
        self._taken.setdefault(host_id, []).append(session_id)

    @property
    def spread(self) -> int:
        """Most minus least, of the hosts that live."""
        counts = [count for host_id, count in self.placed.items() if host_id not in self.dead]
        return max(counts) - min(counts)

    async def _tell(self, host_ids: list[str]) -> None:
        async with self._redis.pipeline(transaction=False) as pipe:
            for host_id in host_ids:
                if host_id not in self.dead:
                    placed, taken = self.placed[host_id], self._taken.pop(host_id, ())
                    url = f"http://{host_id}.argusd.svc:8015"
                    host = Host(host_id, url, ROOM - placed, placed, placed / ROOM, boot="0" * 32)
                    await self._beats.tell_in(pipe, host, taken)
            await pipe.execute()

    async def _die(self) -> None:
        """The first dies soon, so that in any run one does."""
        living = list(self.placed)
        random.shuffle(living)
        await asyncio.sleep(0.5)
        while len(living) > 1:
            self.dead[living.pop()] = time.monotonic()
            await asyncio.sleep(60 / (DYING * len(self.placed)))

    def _slices(self) -> Iterator[list[str]]:
        host_ids = list(self.placed)
        for start in range(0, len(host_ids), TOGETHER):
            yield host_ids[start : start + TOGETHER]
