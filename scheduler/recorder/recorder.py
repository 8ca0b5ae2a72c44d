"""What the recorder does, apart from its connections: watches sessions, takes pictures, forgets."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from argusd.ingest.shm.ring import FrameReader

from ..contract.evidence.messages import Capture, Captured, FromRecorder, RecorderStats, SessionForgotten
from ..contract.evidence.records import Snapshot
from ..contract.media_key import MediaKey
from ..contract.policy import EvidencePolicy
from .files import DiskFull, EvidenceFiles
from .pictures import Shot, whole
from .tracks import Tracks

log = logging.getLogger(__name__)

Result = TypeVar("Result")

LATE_S = 30.0  # what is asked for later than that after its start was another life's to do
TOLD_MOST = 1000
NANOSECONDS = 1e9


class Recorder:
    """One capture is a task; the newest outcomes are told again to whoever asks again.

    Pictures are taken in one thread, files are written in another. ``tell`` sends to the api.
    """

    def __init__(self, files: EvidenceFiles, tell: Callable[[FromRecorder], None]) -> None:
        self.tracks = Tracks()
        self.watched: dict[str, EvidencePolicy] = {}
        self._files = files
        self._tell = tell
        self._camera = ThreadPoolExecutor(1, "camera")
        self._writer = ThreadPoolExecutor(1, "writer")
        self._captures: dict[str, tuple[Capture, asyncio.Task[None]]] = {}
        self._told: OrderedDict[str, tuple[Capture, Captured]] = OrderedDict()

    def watch(self, session_id: str, wanted: EvidencePolicy) -> None:
        """Be ready for captures of this session."""
        self.watched[session_id] = wanted

    def unwatch(self, session_id: str) -> None:
        """Be no longer."""
        self.watched.pop(session_id, None)

    def capture(self, capture: Capture) -> None:
        """Do it, unless it is done, or being done; what came of it is told in any case."""
        if capture.evidence_id in self._told:
            self._tell(self._told[capture.evidence_id][1])
        elif capture.evidence_id not in self._captures:
            task = asyncio.create_task(self._carry_out(capture))
            self._captures[capture.evidence_id] = capture, task
            task.add_done_callback(lambda _: self._captures.pop(capture.evidence_id))

    async def forget(self, session_id: str) -> None:
        """Remove all that is kept of the session, and stop what is being made."""
        self.unwatch(session_id)
        tasks = [task for each, task in self._captures.values() if each.media.session_id == session_id]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for evidence_id, (each, _) in [*self._told.items()]:
            if each.media.session_id == session_id:
                del self._told[evidence_id]
        await self._in(self._writer, partial(self._files.forget, session_id))
        self._tell(SessionForgotten(session_id))

    def stats(self) -> RecorderStats:
        """How it stands."""
        return RecorderStats([*self._files.sizes], self._files.nbytes, self._files.full, len(self._captures))

    async def close(self) -> None:
        """Give up what is being made."""
        tasks = [task for _, task in self._captures.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._camera.shutdown()
        self._writer.shutdown()

    async def _carry_out(self, capture: Capture) -> None:
        if time.time() - capture.captured_at > LATE_S:
            self._end(capture, Captured(capture.evidence_id, None, None, "lost"))
            return
        snapshot, reason = None, ""
        try:
            snapshot = await self._snapshot(capture)
            reason = "" if snapshot else "no_media"
        except DiskFull:
            reason = "disk_full"
        self._end(capture, Captured(capture.evidence_id, snapshot, None, reason))

    def _end(self, capture: Capture, captured: Captured) -> None:
        self._told[capture.evidence_id] = capture, captured
        while len(self._told) > TOLD_MOST:
            self._told.popitem(last=False)
        self._tell(captured)

    async def _snapshot(self, capture: Capture) -> Snapshot | None:
        """Take the newest whole picture; None: there is none.

        Raises:
            DiskFull: there is no room for it.
        """
        shot = await self._in(self._camera, partial(self._newest, capture.media))
        if shot is None:
            return None
        age_ms = (time.monotonic() - shot.info.arrival_ns / NANOSECONDS) * 1000
        name = f"{capture.evidence_id}.jpg"
        draft = await self._in(
            self._writer, partial(self._files.draft, name, lambda path: path.write_bytes(shot.jpeg))
        )
        self._files.keep(draft, capture.media.session_id, capture.evidence_id, "snapshot")
        captured_ns = shot.info.captured_ns or shot.info.arrival_ns + time.time_ns() - time.monotonic_ns()
        return Snapshot(
            draft.sha256,
            draft.nbytes,
            shot.info.width,
            shot.info.height,
            captured_ns / NANOSECONDS,
            round(age_ms, 1),
        )

    def _newest(self, media: MediaKey) -> Shot | None:
        ring = self.tracks.find(media, "video")
        frame = FrameReader(ring.view, ring.place, ring.generation).newest() if ring else None
        return whole(frame) if frame is not None else None

    async def _in(self, executor: ThreadPoolExecutor, work: Callable[[], Result]) -> Result:
        """Have it done in this executor's thread, to its end even if the capture is given up meanwhile."""
        future = asyncio.get_running_loop().run_in_executor(executor, work)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future])
            raise
