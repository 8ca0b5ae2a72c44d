"""Looks into the rings: keeps the last seconds of pictures, and takes what is asked for.

All of it runs in one thread, one call after the other; a call costs well under a millisecond for each track.
Nobody who writes a ring waits for it: what is overwritten meanwhile is dropped.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import cv2
import numpy as np

from argusd.ingest.shm.ring import FrameReader

from ..contract.media_key import MediaKey
from ..media.arena_sources import RingRef
from .clips import Footage
from .clock import captured_at
from .pictures import Shot, whole
from .preroll import Preroll
from .sound import SoundTake

Result = TypeVar("Result")


class Take:
    """A clip under way: what came before it began, and what comes until it is ended.

    ``video``: whose pictures it shows.
    """

    def __init__(self, video: MediaKey | None, shots: list[Shot], sound: SoundTake | None) -> None:
        self.video = video
        self.shots = shots
        self.sound = sound

    def footage(self) -> Footage:
        """All that there is to be taken."""
        if self.sound is None:
            return Footage(self.shots, np.zeros(0, np.int16), 0)
        self.sound.read()
        return Footage(self.shots, self.sound.samples, self.sound.begins_ns)


class Camera:
    """The tracks of sessions that want clips. ``before_s``: how much of them is kept."""

    def __init__(self, before_s: float) -> None:
        self._before_s = before_s
        self._thread = ThreadPoolExecutor(1, "camera", partial(cv2.setNumThreads, 1))
        self._prerolls: dict[MediaKey, Preroll] = {}
        self._takes: list[Take] = []

    async def look(self, videos: Mapping[MediaKey, RingRef]) -> None:
        """Take what is new in these rings, and of the takes under way; of other tracks nothing is kept."""
        await self._in_thread(partial(self._look, videos))

    async def snapshot(self, ring: RingRef, seen_at: float | None) -> Shot | None:
        """The whole picture of this moment (unix seconds), or the one nearest to it; see ``nearest``."""
        return await self._in_thread(partial(nearest, ring, seen_at))

    async def begin(self, video: MediaKey | None, sound: RingRef | None) -> Take:
        """Begin to take a clip, with the pictures and the sound of the last seconds."""
        take = await self._in_thread(partial(self._begun, video, sound))
        self._takes.append(take)
        return take

    async def end(self, take: Take) -> Footage:
        """Take the last of it, and nothing more."""
        self._takes.remove(take)
        return await self._in_thread(take.footage)

    def close(self) -> None:
        """End the thread, once it is done."""
        self._thread.shutdown()

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _look(self, videos: Mapping[MediaKey, RingRef]) -> None:
        takes = tuple(self._takes)  # the loop adds and removes
        for media in self._prerolls.keys() - videos.keys():
            del self._prerolls[media]
        for media, ring in videos.items():
            preroll = self._prerolls.setdefault(media, Preroll(ring, self._before_s))
            if preroll.ring != ring:
                preroll.follow(ring)
            shot = preroll.look()
            if shot is not None:
                for take in [take for take in takes if take.video == media]:
                    take.shots.append(shot)
        for take in takes:
            if take.sound is not None:
                take.sound.read()

    def _begun(self, video: MediaKey | None, sound: RingRef | None) -> Take:
        preroll = self._prerolls.get(video) if video is not None else None
        shots = preroll.shots(time.monotonic()) if preroll is not None else []
        return Take(video, shots, SoundTake(sound, self._before_s) if sound is not None else None)


def nearest(ring: RingRef, seen_at: float | None) -> Shot | None:
    """The picture of a ring that was captured nearest to this moment, in its own size; None: there is none.

    Without a moment it is the newest. One that is overwritten meanwhile gives way to the next nearest.
    """
    frames = FrameReader(ring.view, ring.place, ring.generation).recent()
    if seen_at is not None:
        frames.sort(key=lambda frame: abs(captured_at(frame.info) - seen_at))
    return next((shot for frame in frames if (shot := whole(frame)) is not None), None)
