"""A film, played to one session's face and video streams: real rings and models, and no loop between them."""

import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from argusd.ingest.shm.arena import Arena, ArenaView
from argusd.ingest.shm.frame import i420_info
from argusd.ingest.shm.ring import FrameRing
from argusd.scheduler.analyzers.face import FaceAnalyzer
from argusd.scheduler.analyzers.video import VideoAnalyzer
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.policy import Policy
from argusd.scheduler.core import Analyzer, Outcome
from argusd.scheduler.loaded.loaded_model import Dropped
from argusd.scheduler.loaded.loaded_vision import LoadedVisionModel
from argusd.scheduler.media.arena_sources import RingRef
from argusd.scheduler.media.moments import NANOSECONDS, VIDEO_CLOCK
from argusd.scheduler.media.tracks import Track

from .drawn import Frame, Pixels

SLOTS = 4
BEGIN_S = 1.0  # on the monotonic clock; at 0 nothing has arrived
ROUNDING_S = 1e-6

Key = tuple[str, str]


class Played(NamedTuple):
    """What a session was told and when (media seconds), which models ran how often, and CPU seconds."""

    told: list[tuple[float, Outcome]]
    ran: Counter[str]
    cpu_s: float

    @property
    def violations(self) -> dict[Key, list[float]]:
        """When violations were told, by name and state: start or end."""
        found: dict[Key, list[float]] = {}
        for media_s, outcome in self.told:
            if outcome.type == "violation" and outcome.state != "update":
                found.setdefault((outcome.name, outcome.state), []).append(media_s)
        return found


def play(
    models: Mapping[str, LoadedVisionModel], policies: Mapping[str, Policy], film: Iterable[Frame]
) -> dict[str, Played]:
    """Show a film, whose frames are all of one size, to a session of each policy.

    They take turns at each frame, so that what else the machine does costs all of them alike. Another one
    begins at each: whoever does finds the caches full of other things.
    """
    stages: dict[str, _Stage] = {}
    order: deque[_Stage] = deque()
    for media_s, planes in film:
        height, width = planes[0].shape
        stages = stages or {name: _Stage(models, each, width, height) for name, each in policies.items()}
        order = order or deque(stages.values())
        for stage in order:
            stage.show(media_s, planes)
        order.rotate()
    return {name: stage.played for name, stage in stages.items()}


class _Stage:
    """A camera's ring, the rows that look at it, and what they told."""

    def __init__(
        self, models: Mapping[str, LoadedVisionModel], policy: Policy, width: int, height: int
    ) -> None:
        self._info = i420_info(width, height)
        arena = Arena(2 * SLOTS * self._info.nbytes)
        self._ring = FrameRing(arena, SLOTS, self._info.nbytes)
        ref = RingRef(ArenaView(arena.fd), "video", self._ring.place, self._ring.generation)
        track = Track(MediaKey("film"), ref)
        self._told: list[tuple[float, Outcome]] = []
        self._cpu_s = 0.0
        self._rows = [
            _Row(analyzer, role, models[role], track)
            for analyzer in (FaceAnalyzer(policy), VideoAnalyzer(policy))
            for role in analyzer.rates
        ]

    @property
    def played(self) -> Played:
        """What came of all that was shown."""
        return Played(self._told, Counter({row.role: row.ran for row in self._rows}), self._cpu_s)

    def show(self, media_s: float, planes: list[Pixels]) -> None:
        """Publish a frame, and let the rows look that are due."""
        self._publish(media_s, planes)
        started = time.thread_time()
        self._told += [(media_s, outcome) for row in self._rows for outcome in row.look(media_s)]
        self._cpu_s += time.thread_time() - started

    def _publish(self, media_s: float, planes: list[Pixels]) -> None:
        self._ring.write(
            planes,
            msgspec.structs.replace(
                self._info,
                arrival_ns=round((BEGIN_S + media_s) * NANOSECONDS),
                rtp_timestamp=round(media_s * VIDEO_CLOCK),
            ),
        )


class _Row:
    """One role that looks for one stream. ``ran``: how often its model was run."""

    def __init__(self, analyzer: Analyzer, role: str, loaded: LoadedVisionModel, track: Track) -> None:
        self.role = role
        self.ran = 0
        self._analyzer = analyzer
        self._loaded = loaded
        self._clock = track.clock
        self._feed = loaded.open(role, {"video": track}, max_age_s=1.0)
        self._cursor = self._feed.follow()
        self._due_s = 0.0

    def look(self, media_s: float) -> list[Outcome]:
        """What the newest frame tells, if a look is due."""
        if media_s < self._due_s - ROUNDING_S:
            return []
        self._due_s = max(self._due_s + 1 / self._analyzer.rates[self.role], media_s)
        item = self._feed.item(self._analyzer, self._cursor, BEGIN_S + media_s)
        self._cursor = self._feed.cursor
        if item is None or isinstance(item, Dropped):
            return []
        done = self._loaded.infer([item])
        self.ran += 1 - done.reused
        (at,) = self._loaded.moments([item], 0)([0], [self._clock], BEGIN_S + media_s)
        outcomes = self._analyzer.absorb(self.role, done.outputs[0], at)
        self._due_s = min(self._due_s, media_s + 1 / self._analyzer.rates[self.role])  # as ``Demand.retime``
        return outcomes
