"""Picture and sound of one file, played in step.

aiortc's player counts each track's time from when its first frame was ready, so on a busy machine the two may
be a tenth of a second apart for good: lip sync takes notice. Here they share one beginning.

Importing this module loads aiortc.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

PATIENCE_S = 1.0  # a track that begins later than that does so on the other's clock


class Meeting:
    """The first frame of each track, and the moment that both count from."""

    def __init__(self, tracks: Sequence[MediaStreamTrack]) -> None:
        self._tracks = tracks
        self._firsts: dict[MediaStreamTrack, asyncio.Task[Any]] = {}
        self._met: asyncio.Task[float] | None = None

    async def begin_s(self) -> float:
        """When media time 0 is, monotonic seconds; the first who asks has all tracks read."""
        if self._met is None:
            self._met = asyncio.create_task(self._meet())
        return await asyncio.shield(self._met)

    async def next(self, track: MediaStreamTrack) -> Any:
        """The track's next frame, as soon as it is read.

        Raises:
            MediaStreamError: there is none.
        """
        first = self._firsts.pop(track, None)
        return await (first or track.recv())

    def leave(self, track: MediaStreamTrack) -> None:
        """Nobody wants this track's frames any more."""
        if (first := self._firsts.pop(track, None)) is not None:
            first.cancel()
            first.add_done_callback(lambda task: task.cancelled() or task.exception())
        track.stop()

    async def _meet(self) -> float:
        self._firsts = {track: asyncio.create_task(track.recv()) for track in self._tracks}
        done, _ = await asyncio.wait(self._firsts.values(), timeout=PATIENCE_S)
        frames = [task.result() for task in done if task.exception() is None]
        return time.monotonic() - min((frame.time or 0.0 for frame in frames), default=0.0)


class InStep(MediaStreamTrack):
    """A track whose frames come when they are due on the clock that it shares."""

    def __init__(self, track: MediaStreamTrack, meeting: Meeting) -> None:
        super().__init__()
        self.kind = track.kind
        self._track = track
        self._meeting = meeting

    async def recv(self) -> Any:
        """The next frame, when it is due."""
        if self.readyState != "live":
            raise MediaStreamError
        begin_s = await self._meeting.begin_s()
        try:
            frame = await self._meeting.next(self._track)
        except MediaStreamError:
            self.stop()
            raise
        if frame.time is not None:
            await asyncio.sleep(max(0.0, begin_s + frame.time - time.monotonic()))
        return frame

    def stop(self) -> None:
        """End it, and the track behind it."""
        super().stop()
        self._meeting.leave(self._track)
