"""The lipsync stream with a SyncNet behind it, through the loop and real arenas.

Its weights are random, so what it scores means nothing; what it is fed is checked. Pictures tell by their
brightness, and sound by its loudness, when they were captured.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.ingest.shm.ring import FrameRing, PcmRing
from argusd.scheduler.analyzers.lipsync import LipSyncAnalyzer
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import SessionPolicy
from argusd.scheduler.core import Engine, Feeds, Roi
from argusd.scheduler.engines.onnx_runtime import OnnxEngine
from argusd.scheduler.loaded.loaded_sound import LoadedAudioModel, LoadedAudioVisualModel
from argusd.scheduler.loaded.loaded_vision import LoadedVisionModel
from argusd.scheduler.models.lag_search import FPS, LAGS, STEP
from argusd.scheduler.models.lips.lip_crops import LipCrops, PassThrough
from argusd.scheduler.models.lips.syncnet import APART, FIRST, HOP, MOMENTS, SOUNDS, WINDOW, SyncNet
from argusd.scheduler.models.outputs import VoiceActivity
from argusd.scheduler.planning.curve import BatchCurve
from argusd.scheduler.zoo.importers.pytorch.syncnet import import_syncnet

from ..bench import Driven
from ..fakes import ALICE, BOB, FakeAudio, FakeEngine, FakeVision, write_frame
from ..syncnet_network import SyncNetColor
from . import heads

CURVE = BatchCurve(sizes=[1, 4], seconds=[0.001, 0.0039])
CAPTURED = 1_700_000_000.0
PICTURE_TAKES_S, SOUND_TAKES_S = 0.19, 0.03  # on their way
SECONDS = 12
LEVELS = 219  # of brightness


class Talker(FakeVision):
    """A mesh whose mouth moves, whatever is seen; the frame's small, so is the face."""

    role = "face_mesh"

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0

    def decode(self, tensors: Sequence[NDArray[Any]], rois: Sequence[Roi]) -> list[Any]:
        self.looks += 1
        mesh = heads.mesh(center=(32.0, 24.0), scale=0.2)
        mesh.points[[87, 14, 317], 1] += 0.2 * 30 * (1 + np.sin(2.0 * self.looks))
        return [heads.of_points(mesh.points) for _ in rois]


class Detector(FakeVision):
    """The face is there."""

    def decode(self, tensors: Sequence[NDArray[Any]], rois: Sequence[Roi]) -> list[Any]:
        return [[heads.face(32.0, 24.0, 30.0)] for _ in rois]


class Speech(FakeAudio):
    """Everything is speech, or nothing."""

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def decode(self, tensors: Sequence[NDArray[Any]], slots: NDArray[np.intp]) -> list[Any]:
        return [VoiceActivity(self.probability, 0.1) for _ in slots]


class Recorded:
    """An engine, and all that it was fed."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.fed: list[Feeds] = []

    def run(self, feeds: Feeds) -> list[NDArray[Any]]:
        self.fed.append(feeds)
        return self.engine.run(feeds)


class Room(Driven):
    """People who talk before a camera, under a clock that a test moves."""

    def __init__(self, engine: Recorded, speech: float) -> None:
        self.captured = CAPTURED
        self.rings: list[tuple[FrameRing, PcmRing]] = []
        self.streams: list[LipSyncAnalyzer] = []
        models = [
            ("face_detector", LoadedVisionModel(Detector(), FakeEngine(), CURVE)),
            ("face_mesh", LoadedVisionModel(Talker(), FakeEngine(), CURVE)),
            ("lip_crops", LoadedVisionModel(LipCrops(), PassThrough(), CURVE)),
            ("lip_sync", LoadedAudioVisualModel(SyncNet("syncnet"), engine, CURVE)),
            ("vad", LoadedAudioModel(Speech(speech), FakeEngine(), CURVE)),
        ]
        super().__init__(models, {"lipsync": self._stream})

    def _stream(self, policy: Any) -> LipSyncAnalyzer:
        self.streams.append(LipSyncAnalyzer(policy))
        return self.streams[-1]

    def enter(self, media: MediaKey) -> None:
        pictures, seen = self.tracks.frames()
        sound, heard = self.tracks.pcm(8.0)
        self.rings.append((pictures, sound))
        self.scheduler.sessions.set_policy(SessionPolicy(media, ["lipsync"]))
        for ring in (seen, heard):
            self.scheduler.sessions.ring_opened(media, ring)

    async def live(self, seconds: float) -> None:
        """Frame after frame, each with its sound."""
        for _ in range(round(seconds * FPS)):
            step = round((self.captured - CAPTURED) * FPS)
            captured_ns = int(self.captured * 1e9)
            for pictures, sound in self.rings:
                arrived = self.now - (0.0 if step % 2 else 0.001)
                write_frame(
                    pictures, brightness(step), arrival=arrived, rtp=step * 3600, captured_ns=captured_ns
                )
                late = captured_ns + round(1e9 * (PICTURE_TAKES_S - SOUND_TAKES_S))
                sound.write(loudness(late), late, int((self.now - 1 / FPS) * 1e9), 0)
            await self.settle()
            self.now += 1 / FPS
            self.captured += 1 / FPS


def brightness(step: int) -> int:
    """Of the picture that was captured ``step`` frames after the first."""
    return 16 + step % LEVELS


def captured_step(grey: NDArray[np.float32]) -> NDArray[np.float64]:
    """The step, from 0..1 of what ``brightness`` becomes in a crop of 8 bits."""
    return np.rint(LEVELS * grey.astype(np.float64))


def loudness(captured_ns: int) -> NDArray[np.int16]:
    """A frame's sound: a tone that grows by 0.1 dB a step since the first."""
    step = round((captured_ns / 1e9 - CAPTURED) * FPS)
    tone = np.sin(np.arange(STEP) * 2 * np.pi * 1000 / 16_000)
    return np.rint(500 * 10 ** (0.1 * step / 20) * tone).astype(np.int16)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    path = tmp_path_factory.mktemp("syncnet") / "syncnet.onnx"
    path.write_bytes(import_syncnet(SyncNetColor().saved()).SerializeToString())
    return Recorded(OnnxEngine(path.read_bytes(), path.name, "cpu"))


@pytest.fixture
def rooms(engine: Recorded) -> Iterator[Callable[[float], Room]]:
    engine.fed.clear()
    made: list[Room] = []

    def make(speech: float) -> Room:
        made.append(Room(engine, speech))
        return made[-1]

    yield make
    for room in made:
        room.executor.close()


BOTH = {"faces": 2 * MOMENTS, "mels": 2 * SOUNDS}


async def test_pictures_and_sound_of_one_moment_are_compared(
    rooms: Callable[[float], Room], engine: Recorded
) -> None:
    room = rooms(0.9)
    room.enter(ALICE)
    room.enter(BOB)
    await room.live(SECONDS)
    # Both sessions in one batch, or one after the other where a core was idle.
    last = engine.fed[-2:]
    feeds = {name: np.concatenate([each[name] for each in last])[-rows:] for name, rows in BOTH.items()}
    assert feeds["faces"].shape == (2 * MOMENTS, 15, 48, 96)
    assert feeds["mels"].shape == (2 * SOUNDS, 1, 80, 16)
    steps = captured_step(feeds["faces"].reshape(2, MOMENTS, 5, -1).mean(axis=3))
    assert (np.diff(steps, axis=2) % LEVELS == 1).all(), "consecutive frames"
    assert (np.diff(steps[:, :, 0], axis=1) % LEVELS == APART).all()
    # The tone's band, from −4..4 over 100 dB; loudness tells when it was captured.
    level = feeds["mels"].reshape(2, SOUNDS, 80, 16).max(axis=2).mean(axis=2) * 100 / 8
    heard = level / 0.1
    ahead = heard[:, LAGS : LAGS + APART * MOMENTS : APART] - steps[:, :, 0]
    ahead = ahead[0, 0] + (ahead - ahead[0, 0] + LEVELS / 2) % LEVELS - LEVELS / 2
    assert np.ptp(ahead) < 0.3, "sound at lag 0 is that of the picture, for every moment and session"
    apart = (ahead.mean() - reference_level() + LEVELS / 2) % LEVELS - LEVELS / 2  # brightness begins anew
    assert apart == pytest.approx(0, abs=0.3), "whenever either of them arrived"


def reference_level() -> float:
    """What ``heard`` is of the sound of step 0, in a window that begins ``FIRST`` samples before it."""
    begins = CAPTURED - FIRST / 16_000
    steps = [loudness(int((begins + step / FPS) * 1e9)) for step in range(WINDOW // STEP)]
    feeds = SyncNet("syncnet").pair(np.concatenate(steps)[None], [])
    return float(feeds["mels"][0].max(axis=1).mean() * 100 / 8 / 0.1)


async def test_estimates_come_out_where_they_belong(rooms: Callable[[float], Room]) -> None:
    room = rooms(0.9)
    room.enter(ALICE)
    await room.live(SECONDS)
    [stream] = room.streams
    peak = stream.latest()["peak"]
    assert peak is not None
    assert 0 <= peak <= 1
    assert room.scheduler.meters.served["lip_sync"] <= SECONDS * 16_000 / HOP


async def test_the_dear_model_does_not_run_for_silence(
    rooms: Callable[[float], Room], engine: Recorded
) -> None:
    room = rooms(0.1)
    room.enter(ALICE)
    await room.live(SECONDS)
    assert engine.fed == []
    assert room.scheduler.meters.served["lip_crops"] == 0
    assert room.scheduler.meters.served["vad"] > 0
