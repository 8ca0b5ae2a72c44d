"""Makes snapshots and clips: takes them out of shared memory, encodes them, puts them on disk."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from ..contract.evidence.messages import Capture
from ..contract.evidence.records import Clip, Snapshot
from ..media.moments import NANOSECONDS
from ..niceness import CLIPS, yield_cores
from .camera import Camera
from .clips import Footage, write_clip
from .clock import captured_at, wall_clock
from .files import EvidenceFiles
from .tracks import Tracks

Result = TypeVar("Result")


class Maker:
    """Clips are encoded one at a time, in the order in which they were taken."""

    def __init__(self, tracks: Tracks, camera: Camera, files: EvidenceFiles, after_s: float) -> None:
        self._tracks = tracks
        self._camera = camera
        self._files = files
        self._after_s = after_s
        self._writer = ThreadPoolExecutor(1, "writer")
        self._encoder = ThreadPoolExecutor(1, "encoder", partial(yield_cores, CLIPS))

    async def snapshot(self, capture: Capture) -> Snapshot | None:
        """Take the picture that was looked at, or the nearest that is still there; None: there is none.

        Raises:
            DiskFull: there is no room for it.
        """
        ring = self._tracks.ring(self._tracks.find(capture.media, "video"), "video")
        shot = await self._camera.snapshot(ring, capture.seen_at) if ring is not None else None
        if shot is None:
            return None
        info, age_ms = shot.info, (time.monotonic() - shot.info.arrival_ns / NANOSECONDS) * 1000
        name = f"{capture.evidence_id}.jpg"
        write = partial(self._files.draft, name, lambda path: path.write_bytes(shot.jpeg))
        draft = await self._to_its_end(self._writer, write, name)
        self._files.keep(draft, capture.media.session_id, capture.evidence_id, "snapshot")
        return Snapshot(
            draft.sha256, draft.nbytes, info.width, info.height, captured_at(info), round(age_ms, 1)
        )

    async def clip(self, capture: Capture) -> Clip | None:
        """Take the seconds before now and after, and encode them; None: there was nothing.

        Raises:
            DiskFull: there is no room for it.
            av.FFmpegError: it cannot be encoded.
        """
        footage = await self._footage(capture)
        if footage.empty:
            return None
        given_up, name = threading.Event(), f"{capture.evidence_id}.webm"
        write = partial(self._files.draft, name, partial(write_clip, footage, given_up))
        draft = await self._to_its_end(self._encoder, write, name, given_up)
        self._files.keep(draft, capture.media.session_id, capture.evidence_id, "clip")
        return Clip(
            draft.sha256,
            draft.nbytes,
            wall_clock(footage.begins_ns),
            round(footage.duration_s, 3),
            len(footage.shots),
            bool(len(footage.samples)),
        )

    async def forget(self, session_id: str) -> None:
        """Remove all that is kept of the session; to be called when nothing is made of it any more."""
        await asyncio.get_running_loop().run_in_executor(
            self._writer, partial(self._files.forget, session_id)
        )

    def close(self) -> None:
        """End the threads, once they are done."""
        self._writer.shutdown()
        self._encoder.shutdown()

    async def _footage(self, capture: Capture) -> Footage:
        video, sound = (self._tracks.find(capture.media, kind) for kind in ("video", "audio"))
        take = await self._camera.begin(video, self._tracks.ring(sound, "audio"))
        try:
            await asyncio.sleep(self._after_s)
        finally:
            footage = await self._camera.end(take)
        return footage

    async def _to_its_end(
        self,
        thread: ThreadPoolExecutor,
        work: Callable[[], Result],
        name: str,
        given_up: threading.Event | None = None,
    ) -> Result:
        """Have a draft of this name written. Of one that is given up meanwhile nothing is left."""
        future = asyncio.get_running_loop().run_in_executor(thread, work)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            if given_up is not None:
                given_up.set()
            await asyncio.wait([future])
            future.exception()  # nobody else asks for it
            self._files.discard(name)
            raise
