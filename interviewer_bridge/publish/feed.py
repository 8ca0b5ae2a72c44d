"""A source's track, read by one connection after another, and played on where there is none.

aiortc stops a track whose connection ends; what is lent to it may be stopped without the source's end.
"""

import asyncio
import contextlib
from typing import Any

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError


class Feed:
    """One track, whoever reads it; one frame at a time, as no track can be read by two."""

    def __init__(self, track: MediaStreamTrack) -> None:
        self.kind = track.kind
        self._track = track
        self._turn = asyncio.Lock()

    async def recv(self) -> Any:
        """The next frame.

        Raises:
            MediaStreamError: there is none any more.
        """
        async with self._turn:
            return await self._track.recv()

    async def play_unsent(self) -> None:
        """Drop every frame as it is due, so that no backlog meets the next connection."""
        with contextlib.suppress(MediaStreamError):
            while True:
                await self.recv()
                await asyncio.sleep(0)  # a track that never waits must not hold everybody up


class LentTrack(MediaStreamTrack):
    """A feed as one connection has it."""

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self.kind = feed.kind
        self._feed = feed

    async def recv(self) -> Any:
        """The feed's next frame."""
        if self.readyState != "live":
            raise MediaStreamError
        return await self._feed.recv()
