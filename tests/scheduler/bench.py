"""The scheduler that tests drive: a clock that they move, tracks in an arena, findings that are kept."""

from collections.abc import Sequence
from typing import Any

from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import SessionPolicy
from argusd.scheduler.core import AnalyzerFactory
from argusd.scheduler.loaded.loaded_model import LoadedModel
from argusd.scheduler.loaded.loaded_sound import LoadedAudioModel, LoadedAudioVisualModel
from argusd.scheduler.loaded.loaded_vision import LoadedVisionModel
from argusd.scheduler.planning.curve import BatchCurve
from argusd.scheduler.runtime.executor import Executor
from argusd.scheduler.runtime.loop import Scheduler

from ..waiting import until
from .fakes import (
    ArenaWithTracks,
    FakeAudio,
    FakeComparison,
    FakeEngine,
    FakeStreams,
    FakeVision,
    HeardFindings,
)

CURVE = BatchCurve(sizes=[1, 4], seconds=[0.001, 0.0039])
CALL_BOUND = BatchCurve(sizes=[1, 4], seconds=[0.003, 0.0036])  # too long for the loop itself
QUICK = BatchCurve(sizes=[1, 4], seconds=[0.001, 0.0012])


class Driven:
    """A scheduler of these models and analyzers; its clock stands still unless it is moved."""

    def __init__(
        self,
        models: Sequence[tuple[str, LoadedModel]],
        factories: dict[str, Any],
        reporter: Any = None,
        threads: int = 2,
        **options: Any,
    ) -> None:
        self.now = 1000.0
        self.heard = HeardFindings()
        self.tracks = ArenaWithTracks()
        self.executor = Executor(threads, shared=False, clock=lambda: self.now)
        self.scheduler = Scheduler(
            list(models),
            factories,
            reporter or self.heard,
            self.executor,
            clock=lambda: self.now,
            **options,
        )
        self.sessions = self.scheduler.sessions

    async def settle(self) -> None:
        """Tick until nothing is at work and nothing can be started."""
        while True:
            self.scheduler.tick()
            if self.executor.state.free == self.executor.state.total:
                return
            await until(lambda: self.executor.state.free == self.executor.state.total)


class Bench(Driven):
    """With one vision and one audio model, and one that compares the two."""

    def __init__(self) -> None:
        self.vision, self.vision_engine = FakeVision(), FakeEngine()
        self.audio, self.audio_engine = FakeAudio(), FakeEngine()
        self.vision_model = LoadedVisionModel(self.vision, self.vision_engine, CURVE)
        self.sound_model = LoadedAudioModel(self.audio, self.audio_engine, CALL_BOUND)
        self.face = FakeStreams("face", {"face_detector": 4.0})
        self.sound = FakeStreams("audio", {"vad": 31.25})
        self.both = FakeStreams("lipsync", {"face_detector": 4.0, "vad": 31.25, "lip_sync": 31.25})
        self.factories: dict[str, AnalyzerFactory] = {
            "face": self.face,
            "audio": self.sound,
            "lipsync": self.both,
        }
        models = [
            ("face_detector", self.vision_model),
            ("vad", self.sound_model),
            ("lip_sync", LoadedAudioVisualModel(FakeComparison(), FakeEngine(), CURVE)),
        ]
        super().__init__(models, self.factories)

    def watch(self, media: MediaKey, *streams: str) -> None:
        self.sessions.set_policy(SessionPolicy(media, list(streams)))

    def dropped(self, stream: str) -> dict[str, int]:
        return dict(self.scheduler.meters.dropped[stream])
