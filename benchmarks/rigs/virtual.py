"""Sessions in virtual time: the daemon's own scheduler and models on real rings, at the media's own pace.

The clock is the media's and stands still while models run, so an hour takes as long as its looks do, and
findings are the same however busy the machine is. There is no network, no codec and no jitter here.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, get_args

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from argusd.ingest.config import IngestConfig
from argusd.ingest.shm.arena import Arena, ArenaView
from argusd.ingest.shm.frame import i420_info
from argusd.ingest.shm.ring import FrameRing, PcmRing
from argusd.scheduler.analyzers.catalog import ANALYZERS
from argusd.scheduler.config import SchedulerConfig
from argusd.scheduler.contract.media import TrackKind
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import SessionPolicy
from argusd.scheduler.contract.policy import Policy
from argusd.scheduler.core import AnalyzerFactory, Moment, Outcome
from argusd.scheduler.engines.targets import CPU
from argusd.scheduler.loaded.loaded_model import LoadedModel
from argusd.scheduler.loaded.roles import FilledRole, batched, fill_roles
from argusd.scheduler.media.arena_sources import RingRef
from argusd.scheduler.media.moments import NANOSECONDS, VIDEO_CLOCK
from argusd.scheduler.runtime.loop import Scheduler
from argusd.scheduler.sessions.session_stream import SessionStream

from .cache import CACHE
from .instant import OneThread

BEGIN_S, BEGIN_UNIX_S = 1000.0, 1_700_000_000
SLOTS, SOUND_S = 4, IngestConfig(runtime_dir=Path()).pcm_seconds  # as the daemon keeps: lip sync hears 6.2 s
MIB = 1 << 20

Models = Sequence[tuple[str, LoadedModel]]


class Told(NamedTuple):
    """A finding, and the media's second of which it tells."""

    session: str
    stream: str
    outcome: Outcome
    media_s: float


class _Media(NamedTuple):
    """What a session's media lie in."""

    arena: Arena
    view: ArenaView
    frames: FrameRing | None
    sounds: PcmRing | None


def daemon_models() -> Models:
    """What a live scheduler serves its sessions with here, curves and all."""
    kept = CACHE / "benchmarks" / "virtual"
    kept.mkdir(parents=True, exist_ok=True)
    return batched(cpu_roles(SchedulerConfig(runtime_dir=kept, state_dir=kept, cache_dir=CACHE)))


def cpu_roles(config: SchedulerConfig) -> list[FilledRole]:
    """What fills a live scheduler's roles on this machine's CPU."""
    cv2.setNumThreads(1)  # as in the daemon
    return fill_roles(config, CPU)


class VirtualSessions:
    """Sessions whose media come when they are given; what is found goes to ``take``."""

    def __init__(
        self,
        models: Models,
        take: Callable[[Told], None],
        factories: Mapping[str, AnalyzerFactory] = ANALYZERS,
    ) -> None:
        self._take = take
        self._now = BEGIN_S
        self._executor = OneThread(lambda: self._now)
        self._media: dict[str, _Media] = {}
        self._scheduler = Scheduler(models, factories, self, self._executor, clock=lambda: self._now)

    @property
    def looks(self) -> dict[str, int]:
        """How many looks were served, by role."""
        return dict(self._scheduler.meters.served)

    def finding(self, media: MediaKey, stream: str, outcome: Outcome, at: Moment) -> None:
        """As the scheduler's ``Findings``."""
        self._take(Told(media.session_id, stream, outcome, at.media_s))

    def latest(self, stream: SessionStream, at: Moment) -> None:
        """Nobody follows the newest results."""
        stream.pass_over(at.skipped)

    def enter(
        self, name: str, policy: Policy, streams: Sequence[str], size: tuple[int, int] | None, *, sound: bool
    ) -> None:
        """Begin a session with pictures of this ``size`` (width, height) and with sound, or one of both."""
        media = MediaKey(name)
        frame_bytes = i420_info(*size).nbytes if size else 0
        arena = Arena(2 * MIB + 2 * SLOTS * frame_bytes)
        view = ArenaView(arena.fd)
        frames = FrameRing(arena, SLOTS, frame_bytes) if size else None
        sounds = PcmRing(arena, SOUND_S) if sound else None
        self._media[name] = _Media(arena, view, frames, sounds)
        self._scheduler.sessions.set_policy(SessionPolicy(media, list(streams), policy))
        if frames is not None:
            ref = RingRef(view, "video", frames.place, frames.generation)
            self._scheduler.sessions.ring_opened(media, ref)
        if sounds is not None:
            ref = RingRef(view, "audio", sounds.place, sounds.generation)
            self._scheduler.sessions.ring_opened(media, ref)

    def show(self, name: str, media_s: float, planes: Sequence[NDArray[np.uint8]]) -> None:
        """Publish a picture, I420 planes u8 ``[rows, columns]``."""
        ring = self._media[name].frames
        assert ring is not None
        height, width = planes[0].shape
        info = msgspec.structs.replace(
            i420_info(width, height),
            arrival_ns=self._arrive(media_s),
            captured_ns=round((BEGIN_UNIX_S + media_s) * NANOSECONDS),
            rtp_timestamp=round(media_s * VIDEO_CLOCK),
        )
        ring.write(planes, info)

    def say(self, name: str, media_s: float, samples: NDArray[np.int16]) -> None:
        """Publish sound of 16 kHz, whose first sample was at ``media_s``."""
        ring = self._media[name].sounds
        assert ring is not None
        arrived_ns = self._arrive(media_s + len(samples) / 16_000)
        ring.write(samples, round((BEGIN_UNIX_S + media_s) * NANOSECONDS), arrived_ns, 0)

    def serve(self) -> None:
        """Look at all that is due. Needs a running event loop, on which nothing waits."""
        while True:
            self._scheduler.rate.scale = 1.0
            self._scheduler.tick()
            if not self._executor.jobs:
                return
            self._executor.work()

    def leave(self, name: str) -> None:
        """End a session, and what is open in it."""
        media, gone = MediaKey(name), self._media.pop(name)
        self._scheduler.sessions.end(media)
        for kind in get_args(TrackKind):
            self._scheduler.sessions.ring_closed(media, kind, gone.view)
        for ring in (gone.frames, gone.sounds):
            if ring is not None:
                ring.close()
        gone.arena.close()

    def _arrive(self, media_s: float) -> int:
        """Nothing comes before what came already: the clock never goes back."""
        self._now = max(self._now, BEGIN_S + media_s)
        return round(self._now * NANOSECONDS)
