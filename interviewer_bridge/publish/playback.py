"""The clock that all tracks of a file share, from its first pass to its last.

Media time is in seconds. It begins when the first frame of every track is there, and from then on it follows
the wall's: what is late is skipped or sent at once, and nothing holds the clock up. A pass through the file
begins where the longest track of the last one has ended, so picture and sound stay in step for ever.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence

PATIENCE_S = 1.0  # a track that begins later than that does so on the others' clock
GRID_S = 0.02  # passes begin on whole blocks of sound
ROUNDING_S = 0.001  # of times in Matroska


class Playback:
    """Where the passes begin. ``loop``: another pass follows each; ``still``: the one pass never ends."""

    def __init__(
        self,
        *,
        loop: bool = False,
        still: bool = False,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._loop = loop
        self._still = still
        self._now = now
        self._sleep = sleep
        self._start_s: float | None = None
        self._starting: asyncio.Task[None] | None = None
        self._playing: set[object] = set()
        self._ends: dict[object, float] = {}
        self._turned = asyncio.Event()
        self.pass_number = 0
        self.pass_begins_s = 0.0
        self.over = False

    @property
    def media_s(self) -> float:
        """The media time that it is now; 0 before the beginning."""
        return 0.0 if self._start_s is None else self._now() - self._start_s

    def position_s(self, pass_number: int) -> float:
        """The time that it is in this pass; 0 before it begins."""
        return self.media_s - self.pass_begins_s if pass_number == self.pass_number else 0.0

    async def begin(
        self, track: object, first_frames: Sequence[Callable[[], Coroutine[object, object, None]]]
    ) -> None:
        """Join; the first who does waits for the first frames, and then media time 0 is."""
        self._playing.add(track)
        if self._starting is None:
            self._starting = asyncio.create_task(self._start(first_frames))
        await asyncio.shield(self._starting)

    async def _start(self, first_frames: Sequence[Callable[[], Coroutine[object, object, None]]]) -> None:
        waits = [asyncio.ensure_future(first()) for first in first_frames]
        _, late = await asyncio.wait(waits, timeout=PATIENCE_S)
        for wait in late:
            wait.cancel()
        self._start_s = self._now()

    async def until(self, media_s: float) -> None:
        """Wait until that media time; not at all when it is past."""
        wait_s = media_s - self.media_s
        if wait_s > 0:
            await self._sleep(wait_s)

    async def until_turn(self, media_s: float) -> None:
        """Wait until that media time, or until the pass is over if that is earlier."""
        waits = [asyncio.ensure_future(wait) for wait in (self.until(media_s), self._turned.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def ended(self, track: object, media_s: float) -> None:
        """The track has nothing more in this pass, and what it sent lasts until then.

        It may say so again with a later time, while it waits for the others.
        """
        self._ends[track] = media_s
        self._turn()

    def leave(self, track: object) -> None:
        """Nobody wants this track's frames any more."""
        self._playing.discard(track)
        self._ends.pop(track, None)
        self._turn()

    def _turn(self) -> None:
        if self._still or not self._playing or not self._ends.keys() >= self._playing:
            return
        turned, self._turned = self._turned, asyncio.Event()
        ends_s = math.ceil((max(self._ends.values()) - ROUNDING_S) / GRID_S) * GRID_S
        # A pass without anything in it would be followed by more of them, for ever and at once.
        self.over = not self._loop or ends_s <= self.pass_begins_s
        self.pass_number += 1
        self.pass_begins_s = ends_s
        self._ends.clear()
        turned.set()
