"""A model with its engine and its measured curve: prepare, run, decode, in a lane's thread."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from argusd.ingest.shm.ring import gather_pcm

from ..core import (
    AudioModel,
    AudioVisualModel,
    Engine,
    Frame,
    ListeningModel,
    Roi,
    VisionModel,
)
from ..planning.batcher import ModelState
from ..planning.curve import BatchCurve
from ..sessions.arena_sources import RingRef, by_arena
from .still_frame import decoded

LEARNING_RATE = 0.05
BAD_IMAGE = "bad_image"


class Dropped(NamedTuple):
    """In place of an output: why there is none. ``to_blame``: the model fails for this item alone."""

    reason: str
    to_blame: bool = False


class Done(NamedTuple):
    """What came of a batch: one output (or ``Dropped``) a row, and the seconds its inference took.

    ``failure``: the error's code where the whole batch failed.
    """

    outputs: list[Any]
    seconds: float
    failure: str = ""


class Look(NamedTuple):
    """One row of a vision batch."""

    frame: Frame
    roi: Roi


class Listen(NamedTuple):
    """One row of an audio batch: the ring's samples from ``cursor`` on, for the state in ``slot``.

    ``fresh``: forget first what the slot remembers. ``seen``: what an audiovisual model compares them with.
    """

    ring: RingRef
    cursor: int
    slot: int
    fresh: bool
    seen: Any = None


class Clip(NamedTuple):
    """One row of an audio batch whose samples, i16 ``[window]``, lie in no ring; nothing is remembered."""

    samples: NDArray[np.int16]
    slot: int


class LoadedModel:
    """What vision and audio models have in common.

    ``listens``: to samples, which are not optional as frames are. ``max_batch`` begins with the curve's
    choice and is halved when the device has no memory for it. ``slowdown``: how much longer batches take than
    the curve says, because other processes use the cores.
    """

    listens = False
    model: Any

    def __init__(self, name: str, engine: Engine, curve: BatchCurve) -> None:
        self.name = name
        self.curve = curve
        self.max_batch = curve.max_batch
        self.call_bound = curve.call_bound
        self.at_work = 0
        self.slowdown = 1.0
        self.engine = engine

    @property
    def state(self) -> ModelState:
        """What planning needs to know."""
        return ModelState(self.curve, self.max_batch, self.call_bound, self.listens, self.at_work)

    def check(self) -> None:
        """Run what the model was warmed up with; raises what the engine does."""
        self.engine.run(self.model.example(1))

    def halve(self) -> None:
        """The device ran out of memory: smaller batches from now on."""
        self.max_batch = max(1, self.max_batch // 2)

    def took(self, rows: int, seconds: float) -> None:
        """Learn from a batch that ran."""
        if seconds:
            ratio = max(1.0, seconds / self.curve.cost(rows))
            self.slowdown += LEARNING_RATE * (ratio - self.slowdown)

    def _run(self, feeds: dict[str, NDArray[Any]]) -> tuple[list[NDArray[Any]], float]:
        started = time.monotonic()
        tensors = self.engine.run(feeds)
        return tensors, time.monotonic() - started


class LoadedVisionModel(LoadedModel):
    """A model of frames."""

    def __init__(self, model: VisionModel, engine: Engine, curve: BatchCurve) -> None:
        super().__init__(model.name, engine, curve)
        self.model = model

    def look(self, looks: Sequence[Look]) -> Done:
        """Outputs for these regions.

        Dropped are the frames that their writer overwrote while they were read (``torn``), and JPEGs that
        cannot be decoded (``bad_image``).
        """
        frames = [decoded(look.frame) for look in looks]
        outputs: list[Any] = [None] * len(looks)
        for row, frame in enumerate(frames):
            if frame is None:
                outputs[row] = Dropped(BAD_IMAGE if looks[row].frame.valid() else "torn")
        rows = [row for row, frame in enumerate(frames) if frame is not None]
        if not rows:
            return Done(outputs, 0.0)
        usable, rois = [frame for frame in frames if frame is not None], [looks[row].roi for row in rows]
        feeds = self.model.prepare(usable, rois)
        whole = [frame.valid() for frame in usable]
        if not any(whole):
            return Done([Dropped("torn")] * len(looks), 0.0)
        tensors, seconds = self._run(feeds)
        for row, output, ok in zip(rows, self.model.decode(tensors, rois), whole, strict=True):
            outputs[row] = output if ok else Dropped("torn")
        return Done(outputs, seconds)


class LoadedSampleModel(LoadedModel, ABC):
    """A model of samples.

    While a batch is at work another begins only if it is full: sound comes steadily and gains by company.
    """

    listens = True

    def __init__(self, model: ListeningModel, engine: Engine, curve: BatchCurve) -> None:
        super().__init__(model.name, engine, curve)
        self._listening = model
        self._slots: list[int] = []
        self._slots_made = 0

    @property
    def window(self) -> int:
        """Samples (16 kHz) a row takes at a time."""
        return self._listening.window

    @property
    def hop(self) -> int:
        """Samples from one window to the next."""
        return self._listening.hop

    def take_slot(self) -> int:
        """A slot nobody has; its first ``Listen`` is to be ``fresh``."""
        if not self._slots:
            self._slots.append(self._slots_made)
            self._slots_made += 1
        return self._slots.pop()

    def give_back_slot(self, slot: int) -> None:
        """The slot's session is gone; no batch may hold it any more."""
        self._slots.append(slot)

    def listen(self, listens: Sequence[Listen | Clip]) -> Done:
        """Outputs for these windows; ``torn`` where the samples were overwritten before they were read."""
        samples, whole = self._gather(listens)
        if not whole.any():
            return Done([Dropped("torn")] * len(listens), 0.0)
        indices = np.flatnonzero(whole).tolist()
        found, seconds = self._infer(samples[whole], [listens[index] for index in indices])
        outputs: list[Any] = [Dropped("torn")] * len(listens)
        for index, output in zip(indices, found, strict=True):
            outputs[index] = output
        return Done(outputs, seconds)

    @abstractmethod
    def _infer(self, samples: NDArray[np.int16], listens: Sequence[Listen | Clip]) -> tuple[list[Any], float]:
        """One output for each of these windows, and the seconds that took."""

    def _gather(self, listens: Sequence[Listen | Clip]) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
        samples = np.zeros((len(listens), self.window), np.int16)
        whole = np.zeros(len(listens), np.bool_)
        cursors = np.zeros(len(listens), np.int64)
        in_rings: dict[int, RingRef] = {}
        for at, listen in enumerate(listens):
            if isinstance(listen, Clip):
                samples[at], whole[at] = listen.samples, True
            else:
                in_rings[at], cursors[at] = listen.ring, listen.cursor
        for rings in by_arena(in_rings):
            gathered = gather_pcm(rings.view, rings.row, rings.generation, cursors[rings.at], self.window)
            samples[rings.at], whole[rings.at] = gathered
        return samples, whole


class LoadedAudioModel(LoadedSampleModel):
    """A model of samples, with a slot of state for each session.

    The next window of a session needs the state the last one left, and so is in no batch before that came
    back. Batches of other sessions may run meanwhile; they take turns at the model's columns.
    """

    def __init__(self, model: AudioModel, engine: Engine, curve: BatchCurve) -> None:
        super().__init__(model, engine, curve)
        self.model = model
        self._memory = threading.Lock()

    def listen(self, listens: Sequence[Listen | Clip]) -> Done:
        """Outputs for these windows; ``torn`` where the samples were overwritten before they were read."""
        with self._memory:
            for listen in listens:
                if isinstance(listen, Clip) or listen.fresh:
                    self.model.reset(listen.slot)
        return super().listen(listens)

    def _infer(self, samples: NDArray[np.int16], listens: Sequence[Listen | Clip]) -> tuple[list[Any], float]:
        slots = np.array([listen.slot for listen in listens], np.intp)
        with self._memory:
            feeds = self.model.prepare(samples, slots)
        tensors, seconds = self._run(feeds)
        with self._memory:
            return self.model.decode(tensors, slots), seconds


class LoadedAudioVisualModel(LoadedSampleModel):
    """A model of samples and of what was seen while they were heard."""

    def __init__(self, model: AudioVisualModel, engine: Engine, curve: BatchCurve) -> None:
        super().__init__(model, engine, curve)
        self.model = model

    def _infer(self, samples: NDArray[np.int16], listens: Sequence[Listen | Clip]) -> tuple[list[Any], float]:
        seen = [listen.seen for listen in listens if isinstance(listen, Listen)]
        tensors, seconds = self._run(self.model.pair(samples, seen))
        return self.model.compare(tensors, seen), seconds
