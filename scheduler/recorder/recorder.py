"""What the recorder does, apart from its connections: watches sessions, carries captures out, forgets."""

import asyncio
import contextlib
import logging
import time
from collections import OrderedDict
from collections.abc import Callable

import av

from ..contract.evidence.messages import (
    ASKED_WITHIN_S,
    Capture,
    Captured,
    FromRecorder,
    SnapshotTaken,
)
from ..contract.logs.tracebacks import log_fault
from ..contract.policy import EvidencePolicy
from .camera import Camera
from .config import RecorderConfig
from .files import DiskFull, EvidenceFiles
from .maker import Maker
from .preroll import PICTURES_HZ
from .tracks import Tracks

log = logging.getLogger(__name__)

HEARD_WITHIN_S = 5.0  # of its beginning, a recorder has heard which tracks there are
MOST_CAPTURES = 32  # at a time
MOST_TOLD = 1000


class Recorder:
    """One capture is a task; the newest outcomes are told again to whoever asks again.

    ``tell`` sends to the api. Overflow policy: what starts while ``MOST_CAPTURES`` are at work is not kept.
    """

    def __init__(
        self, config: RecorderConfig, files: EvidenceFiles, tell: Callable[[FromRecorder], None]
    ) -> None:
        self.tracks = Tracks()
        self._began = time.monotonic()
        self.watched: dict[str, EvidencePolicy] = {}
        self._files = files
        self._camera = Camera(config.before_s)
        self._maker = Maker(self.tracks, self._camera, files, config.after_s)
        self._tell = tell
        self._captures: dict[str, tuple[Capture, asyncio.Task[None]]] = {}
        self._told: OrderedDict[str, tuple[Capture, Captured]] = OrderedDict()

    async def run(self) -> None:
        """Look into the rings of sessions that want clips, until cancelled."""
        while True:
            next_look = time.monotonic() + 1 / PICTURES_HZ
            clips = [session_id for session_id, wanted in self.watched.items() if wanted.clip]
            videos = [self.tracks.of(session_id, "video") for session_id in clips]
            await self._camera.look({media: ring for each in videos for media, ring in each.items()})
            await asyncio.sleep(max(0.0, next_look - time.monotonic()))

    def watch(self, session_id: str, wanted: EvidencePolicy) -> None:
        """Be ready for captures of this session; or no longer, where nothing is wanted."""
        if wanted.asks:
            self.watched[session_id] = wanted
        else:
            self.watched.pop(session_id, None)

    def capture(self, capture: Capture) -> None:
        """Do it, unless it is done, or being done; what came of it is told in any case."""
        if capture.evidence_id in self._told:
            self._tell(self._told[capture.evidence_id][1])
        elif capture.evidence_id not in self._captures:
            full = len(self._captures) >= MOST_CAPTURES
            refused = "overloaded" if full else "lost" if self._is_anothers(capture) else ""
            if refused:
                self._end(capture, Captured(capture.evidence_id, None, None, refused))
                return
            task = asyncio.create_task(self._carry_out(capture))
            self._captures[capture.evidence_id] = capture, task
            task.add_done_callback(lambda _: self._captures.pop(capture.evidence_id))

    def _is_anothers(self, capture: Capture) -> bool:
        """Whether another life was to do it: it is too old, or has a file."""
        late = time.time() - capture.started_at > ASKED_WITHIN_S
        return late or self._files.has_some(capture.media.session_id, capture.evidence_id)

    async def forget(self, session_id: str) -> None:
        """Remove all that is kept of the session, and stop what is being made."""
        self.watched.pop(session_id, None)
        await give_up([task for each, task in self._captures.values() if each.media.session_id == session_id])
        for evidence_id, (each, _) in [*self._told.items()]:
            if each.media.session_id == session_id:
                del self._told[evidence_id]
        await self._maker.forget(session_id)

    @property
    def at_work(self) -> int:
        """How many captures are not over."""
        return len(self._captures)

    async def close(self) -> None:
        """Give up what is being made."""
        await give_up([task for _, task in self._captures.values()])
        self._camera.close()
        self._maker.close()

    async def _carry_out(self, capture: Capture) -> None:
        snapshot, clip, reason = None, None, ""
        await self._heard_of(capture.media.session_id)
        try:
            if capture.wanted.snapshot:
                snapshot = await self._maker.snapshot(capture)
            if snapshot is not None and capture.wanted.clip:
                self._tell(SnapshotTaken(capture.evidence_id, snapshot))
            if capture.wanted.clip:
                clip = await self._maker.clip(capture)
            if snapshot is None and clip is None:
                reason = "no_media"
        except DiskFull:
            reason = "disk_full"
        except av.FFmpegError as error:
            log_fault(log, "a clip cannot be encoded", error)
            reason = "encoder_failed"
        except OSError as error:
            log_fault(log, "evidence cannot be written", error)
            reason = "disk_failed"
        self._end(capture, Captured(capture.evidence_id, snapshot, clip, reason))

    async def _heard_of(self, session_id: str) -> None:
        """Return once it is known whether the session has media: who has just begun hears of them soon."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._began + HEARD_WITHIN_S - time.monotonic()):
                while not self.tracks.has(session_id):
                    self.tracks.opened.clear()
                    await self.tracks.opened.wait()

    def _end(self, capture: Capture, captured: Captured) -> None:
        self._told[capture.evidence_id] = capture, captured
        while len(self._told) > MOST_TOLD:
            self._told.popitem(last=False)
        self._tell(captured)


async def give_up(tasks: list[asyncio.Task[None]]) -> None:
    """End these captures."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
