"""This host among those that share its Redis: it beats every second, and one that no longer does is gone.

While Redis does not take our beats we are cut off: the others hold us for dead by the time the last one is
over, so nothing new is taken here until they can see us again.
"""

import asyncio
import logging
import math
import secrets
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from redis.asyncio import Redis

from ..access.shared_clock import SharedClock
from ..events.redis_store import STORE_ERRORS, refused_while_away
from ..store.troubles import SILENT, trouble
from . import beats
from .beats import Beats, Host

log = logging.getLogger(__name__)

BEAT_EVERY_S, BEAT_WITHIN_S = 1.0, 0.5


class State(NamedTuple):
    """What a host tells of itself at a beat; ``room`` is None while it can serve nobody, or does not know.

    ``taken``: the sessions that have come since it was asked last, and that its room counts.
    """

    room: int | None
    sessions: int
    draining: bool
    taken: Sequence[str] = ()


class Hosts:
    """This host among the others. ``state`` is asked at every beat; ``count``: the hosts there were then.

    Beats begin once ``listening`` is set: who is chosen is asked at once. ``clock`` learns by them how far
    ours is off. ``unknown`` is set when Redis knows nothing of this host any more, as after it was away or
    has lost what it was given. ``trouble``: why the newest beat was not taken, where it was not.
    """

    def __init__(
        self, redis: Redis, host_id: str, url: str, state: Callable[[], State], clock: SharedClock
    ) -> None:
        self._beats = Beats(redis)
        self.clock = clock
        self._state = state
        self._host_id, self._url, self._boot = host_id, url.rstrip("/"), secrets.token_hex(16)
        self._beaten_at = self._steady_since = -math.inf
        self._is_heard = False
        self.trouble = "its first beat is to come"
        self._beating = asyncio.Lock()  # a beat that says less than the next one is not to come after it
        self._taken: list[str] = []  # and not told; while Redis is away nothing new is taken
        self.listening, self.unknown = asyncio.Event(), asyncio.Event()
        self.me = self._told()
        self.count = 1
        self._seen = [self.me]

    def is_one(self, boot: str) -> bool:
        """Whether who shows this knows our boot, as only hosts do."""
        return secrets.compare_digest(boot.encode(errors="replace"), self._boot.encode())

    @property
    def cut_off(self) -> bool:
        """Whether the other hosts cannot see us."""
        return time.monotonic() - self._beaten_at > beats.LIFE_S

    @property
    def steady_s(self) -> float:
        """For how long our beats have come without a break."""
        return 0.0 if self.cut_off else time.monotonic() - self._steady_since

    async def living(self) -> list[Host]:
        """The hosts that are there, by their id, this one among them; while Redis is away those seen last."""
        try:
            self._seen = await self._beats.living()
        except STORE_ERRORS as error:
            log.info("Redis does not tell which hosts are there: %s", type(error).__name__)
        return self._seen

    async def find(self, host_id: str) -> Host | None:
        """The host, if it is there.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        with refused_while_away():
            return await self._beats.find(host_id)

    async def roomiest(self) -> list[Host]:
        """Other hosts that have room, those with the most first; none while Redis is away."""
        try:
            found = await self._beats.roomiest()
        except STORE_ERRORS:
            return []
        return [host for host in found if host.room > 0 and host.host_id != self._host_id]

    async def run(self) -> None:
        """Beat until cancelled."""
        await self.listening.wait()
        while True:
            began = time.monotonic()
            await self.beat()
            await asyncio.sleep(max(0.0, began + BEAT_EVERY_S - time.monotonic()))

    async def beat(self) -> None:
        """Tell that this host is there. Never fails."""
        async with self._beating:
            await self._beat()

    async def _beat(self) -> None:
        self.me, now = self._told(), time.monotonic()  # from now on it lives, whenever the answer comes
        asked = time.time()
        try:
            async with asyncio.timeout(BEAT_WITHIN_S):
                if not self._is_heard:
                    await self._beats.begin(self._host_id)
                taken = self._taken[: beats.TAKEN_AT_A_BEAT]
                before, self.count, at = await self._beats.tell(self.me, taken)
                self.clock.heard(at, asked, time.time())
                del self._taken[: len(taken)]
        except STORE_ERRORS as error:
            self.trouble = trouble(error) or SILENT
            if not self.cut_off:
                log.warning("this host's beat is not taken: %s", self.trouble)
            return
        is_first, self._is_heard = not self._is_heard, True
        if before is None and not is_first:
            self.unknown.set()
        if before is not None and before.boot != self._boot and not is_first:
            self.trouble = f"another daemon is called {self._host_id} as well"
            log.error("%s; set cluster.host_id to another name", self.trouble)
            return
        self.trouble = SILENT  # should the next one be awaited in vain
        if self.cut_off:
            self._steady_since = now
        self._beaten_at = now

    async def leave(self) -> None:
        """Take this host off the list: it is about to end. Never fails."""
        try:
            async with asyncio.timeout(BEAT_WITHIN_S):
                await self._beats.end(self._host_id)
        except STORE_ERRORS:
            log.info("this host leaves without Redis knowing; its beat ends by itself")

    def _told(self) -> Host:
        room, sessions, draining, taken = self._state()
        self._taken += taken
        left = 0 if draining else max(0, room or 0)
        load = sessions / (sessions + left) if sessions + left else 1.0
        return Host(self._host_id, self._url, left, sessions, round(load, 3), draining, self._boot)
