"""What the batching benchmark compares ways of: a model that sees, or one that hears, and who feeds it."""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from argusd.ingest.shm.arena import Arena, ArenaView
from argusd.ingest.shm.frame import i420_info, plane_shapes
from argusd.ingest.shm.ring import FrameReader, FrameRing, FrameView, PcmRing
from argusd.scheduler.contract.catalog import StreamName
from argusd.scheduler.contract.media import SAMPLE_RATE
from argusd.scheduler.contract.streams.interview import AUDIO, VIDEO
from argusd.scheduler.loaded.loaded_model import Done
from argusd.scheduler.loaded.loaded_sound import LoadedAudioModel, WindowItem
from argusd.scheduler.loaded.loaded_vision import FrameItem, LoadedVisionModel
from argusd.scheduler.media.arena_sources import RingRef

from ..peers.camera import HEIGHT, WIDTH
from .onlookers import region
from .scheduler import CORES
from .writers import cameras, microphones

UNLIMITED_HZ = 1000.0  # wanted of each session: every new frame is due at once
PART_S = 0.25  # of sound at a time; real packets are shorter, but who reads is what is measured
FILLING = 4  # sessions for each place in a batch that a thread holds, so that the next batch is full as well


class Offered(NamedTuple):
    """A process that publishes, and how many sessions it has."""

    path: Path
    sessions: int


class Subject(Protocol):
    """A model and its source of work."""

    role: str
    stream: StreamName
    wanted_hz: float

    @property
    def model(self) -> LoadedVisionModel | LoadedAudioModel:
        """The model."""

    def bare(self, batch: int) -> Callable[[], Done]:
        """Prepares, runs and decodes so many rows when it is called."""

    def published(self, per_s: float) -> AbstractContextManager[Offered]:
        """A process that publishes so many items a second."""


class Seen:
    """A model of frames, fed by enough cameras to fill its batches."""

    stream: StreamName = VIDEO.name
    wanted_hz = UNLIMITED_HZ

    def __init__(self, role: str, model: LoadedVisionModel) -> None:
        self.role = role
        self.model = model

    def bare(self, batch: int) -> Callable[[], Done]:
        """On a frame that nobody writes to."""
        frame = _frame()
        items = [FrameItem(frame, region(self.role, frame.info))] * batch
        return lambda: self.model.infer(items)

    @contextmanager
    def published(self, per_s: float) -> Iterator[Offered]:
        """As few frames a second for each session as that takes."""
        sessions = FILLING * CORES * self.model.max_batch
        with cameras(sessions, per_s / sessions) as path:
            yield Offered(path, sessions)


class Heard:
    """A model of samples, fed by as many microphones as its windows take."""

    stream: StreamName = AUDIO.name

    def __init__(self, role: str, model: LoadedAudioModel) -> None:
        self.role = role
        self.model = model
        self.wanted_hz = SAMPLE_RATE / model.hop

    def bare(self, batch: int) -> Callable[[], Done]:
        """On a ring that nobody writes to, with a slot for each row."""
        arena = Arena(1 << 21)
        ring = PcmRing(arena, 2.0)
        ring.write(np.zeros(SAMPLE_RATE, np.int16), 0, 0, 0)
        view = ArenaView(arena.fd)
        ref = RingRef(view, "audio", ring.place, ring.generation)
        rows = [WindowItem(ref, 0, slot, fresh=False) for slot in range(batch)]
        self.model.model.reset(batch)  # makes room for all slots
        return lambda: self.model.infer(rows)

    @contextmanager
    def published(self, per_s: float) -> Iterator[Offered]:
        """Sound has its own rate: the sessions make the difference."""
        sessions = max(math.ceil(per_s / self.wanted_hz), (CORES + 1) * self.model.max_batch)
        with microphones(sessions, PART_S) as path:
            yield Offered(path, sessions)


def _frame() -> FrameView:
    info = i420_info(WIDTH, HEIGHT)
    arena = Arena(4 * info.nbytes)
    ring = FrameRing(arena, 2, info.nbytes)
    ring.write([np.zeros(shape, np.uint8) for shape in plane_shapes(info)], info)
    frame = FrameReader(ArenaView(arena.fd), ring.place, ring.generation).newest()
    assert frame is not None
    return frame
