"""Loaded models of samples: each row is fed with one window of a sound's track after the other."""

import math
import threading
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from argusd.ingest.shm.arena import HEAD
from argusd.ingest.shm.ring import PcmAnchors, gather_pcm, read_anchors

from ..contract.media import SAMPLE_RATE, TrackKind
from ..core import (
    Analyzer,
    AudioModel,
    AudioVisualAnalyzer,
    AudioVisualModel,
    Engine,
    Moment,
    SampleModel,
)
from ..media.arena_sources import RingRef, by_arena
from ..media.arrivals import FALL_BEHIND
from ..media.moments import MediaClock, captured_s, window_moments
from ..media.tracks import Track
from ..planning.curve import BatchCurve
from .loaded_model import TORN, Done, LoadedModel, Moments

# Of a sound that is listened to from its beginning to its end: stretches side by side, each so long at least,
# and what each hears beforehand.
MOST_STRETCHES, STRETCH_S, LEAD_S = 16, 60.0, 8.0


class WindowItem(msgspec.Struct, frozen=True):
    """The ring's samples from ``cursor`` on, for the state in ``slot``.

    ``fresh``: forget first what the slot remembers. ``seen``: what an audiovisual model compares them with.
    """

    ring: RingRef
    cursor: int
    slot: int
    fresh: bool
    seen: Any = None


class ClipItem(NamedTuple):
    """A task's samples, i16 ``[window]``, which lie in no ring; nothing is remembered."""

    samples: NDArray[np.int16]


class WindowFeed:
    """Feeds a row with every window, in order; ``slot`` is where the model remembers it."""

    __slots__ = ("_fresh", "_hop", "_loaded", "_role", "cursor", "max_age", "slot", "track")

    def __init__(self, loaded: "LoadedSampleModel", role: str, track: Track, max_age: float) -> None:
        self.track = track
        self.max_age = max_age
        self._loaded = loaded
        self._role = role
        self._hop = loaded.hop
        self.cursor = 0
        self.slot = loaded.take_slot()
        self._fresh = True

    def follow(self) -> int:
        """From the ring's first sample on, or from its newest second if it is older."""
        self._fresh = True
        ring = self.track.ring
        return max(0, int(ring.view.table[ring.place, HEAD]) - FALL_BEHIND)

    def forget(self) -> None:
        """The slot is to be reset before the next window."""
        self._fresh = True

    def item(self, analyzer: Analyzer, cursor: int, now: float) -> WindowItem | None:  # noqa: ARG002
        """The window at ``cursor`` if the analyzer wants it."""
        self.cursor = cursor + self._hop
        if not analyzer.wants(self._role):
            return None
        item = WindowItem(self.track.ring, cursor, self.slot, self._fresh)
        self._fresh = False
        return item

    def close(self) -> None:
        """Give the slot back."""
        self._loaded.give_back_slot(self.slot)


class ComparedFeed(WindowFeed):
    """Feeds a row with the windows that there is something to compare with."""

    def item(self, analyzer: Analyzer, cursor: int, now: float) -> WindowItem | None:  # noqa: ARG002
        """The window at ``cursor`` and what was seen meanwhile, if the analyzer wants them compared."""
        self.cursor = cursor + self._hop
        if not analyzer.wants(self._role):
            return None
        begins_s = captured_s(self.track.ring, cursor)
        assert isinstance(analyzer, AudioVisualAnalyzer)
        seen = None if begins_s is None else analyzer.seen_since(begins_s)
        if seen is None:
            return None
        return WindowItem(self.track.ring, cursor, self.slot, fresh=False, seen=seen)


class LoadedSampleModel(LoadedModel):
    """A model of samples.

    While a batch is in flight another begins only if it is full: sound comes steadily and gains by company.
    """

    track = "audio"
    continuous = True

    def __init__(self, model: SampleModel, engine: Engine, curve: BatchCurve) -> None:
        super().__init__(model, engine, curve)
        self._adapter = model
        self._free_slots: list[int] = []
        self._slots_made = 0
        self._slots_lock = threading.Lock()

    def open(self, role: str, tracks: Mapping[TrackKind, Track], max_age_s: float) -> WindowFeed:
        """Feed one more row from the sound."""
        return WindowFeed(self, role, tracks[self.track], max_age_s + FALL_BEHIND / SAMPLE_RATE)

    @property
    def window(self) -> int:
        """Samples (16 kHz) of an item."""
        return self._adapter.window

    @property
    def hop(self) -> int:
        """Samples from one window to the next."""
        return self._adapter.hop

    @property
    def shortest_s(self) -> float:
        """A hop."""
        return self.hop / SAMPLE_RATE

    def take_slot(self) -> int:
        """A slot nobody has; the first window for it is to be ``fresh``."""
        with self._slots_lock:
            if self._free_slots:
                return self._free_slots.pop()
            self._slots_made += 1
            return self._slots_made - 1

    def give_back_slot(self, slot: int) -> None:
        """Nobody needs the slot, and no batch holds it."""
        with self._slots_lock:
            self._free_slots.append(slot)

    def infer(self, items: Sequence[WindowItem | ClipItem]) -> Done:
        """Outputs for these windows; ``torn`` where the samples were overwritten before they were read."""
        samples, intact = self._gather(items)
        if not intact.any():
            return Done([TORN] * len(items), 0.0)
        places = np.flatnonzero(intact).tolist()
        found, seconds = self._infer(samples[intact], [items[at] for at in places])
        outputs: list[Any] = [TORN] * len(items)
        for at, output in zip(places, found, strict=True):
            outputs[at] = output
        return Done(outputs, seconds)

    def moments(self, items: Sequence[WindowItem | ClipItem], offset_ns: int) -> Moments:
        """Those of what is new in each window: of one that overlaps the one before it, its last hop."""
        anchors = np.zeros((len(items), 4), np.int64)
        rings, cursors = _in_rings(items)
        for columns in by_arena(rings):
            anchors[columns.at] = np.stack(read_anchors(columns.view, columns.place), axis=1)
        firsts = cursors + self.window - self.hop

        def moments(places: Sequence[int], clocks: Sequence[MediaClock], now: float) -> list[Moment]:
            at = np.array(places, np.intp)
            heard = PcmAnchors(*anchors[at].T)
            return window_moments(firsts[at], self.hop, heard, clocks, now, offset_ns, self.name)

        return moments

    @abstractmethod
    def _infer(
        self, samples: NDArray[np.int16], items: Sequence[WindowItem | ClipItem]
    ) -> tuple[list[Any], float]:
        """One output for each of these windows, and the seconds that took."""

    def _gather(self, items: Sequence[WindowItem | ClipItem]) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
        """The samples, i16 ``[B, window]``, and whether each row is intact."""
        samples = np.zeros((len(items), self.window), np.int16)
        intact = np.zeros(len(items), np.bool_)
        for place, item in enumerate(items):
            if isinstance(item, ClipItem):
                samples[place], intact[place] = item.samples, True
        rings, cursors = _in_rings(items)
        for columns in by_arena(rings):
            at = columns.at
            gathered = gather_pcm(columns.view, columns.place, columns.generation, cursors[at], self.window)
            samples[at], intact[at] = gathered
        return samples, intact


def _in_rings(items: Sequence[WindowItem | ClipItem]) -> tuple[dict[int, RingRef], NDArray[np.int64]]:
    """The rings of those that lie in one, by place, and all cursors."""
    rings = {at: item.ring for at, item in enumerate(items) if isinstance(item, WindowItem)}
    cursors = [item.cursor if isinstance(item, WindowItem) else 0 for item in items]
    return rings, np.array(cursors, np.int64)


class LoadedAudioModel(LoadedSampleModel):
    """A model of samples, with a slot of state for each session.

    The next window of a session needs the state the last one left, and so is in no batch before that came
    back. Batches of other sessions may run meanwhile; they take turns at the model's columns.
    """

    priority = 1  # cheap, and lost for good when late

    def __init__(self, model: AudioModel, engine: Engine, curve: BatchCurve) -> None:
        super().__init__(model, engine, curve)
        self.model: AudioModel = model
        self._memory = threading.Lock()

    def infer(self, items: Sequence[WindowItem | ClipItem]) -> Done:
        """Outputs for these windows; ``torn`` where the samples were overwritten before they were read."""
        with self._memory:
            for item in items:
                if isinstance(item, WindowItem) and item.fresh:
                    self.model.reset(item.slot)
        return super().infer(items)

    def rehearsal(self, batch: int) -> Callable[[], object]:
        """What prepares, runs and decodes so many windows of silence."""
        items = [ClipItem(np.zeros(self.window, np.int16))] * batch
        return lambda: self.infer(items)

    def infer_sequence(self, samples: NDArray[np.int16]) -> list[Any]:
        """One output for every hop of i16 ``[samples]``, each after the last; the rest is too short.

        In the calling thread, which waits for no batch. The first windows begin before the sound, in silence.
        Stretches of a long sound run side by side, which is what batches are cheap for; each of them but the
        first hears ``LEAD_S`` of what comes before it.
        """
        sound = np.pad(samples, (self.window - self.hop, 0))
        if len(sound) < self.window:
            return []
        windows = sliding_window_view(sound, self.window)[:: self.hop]
        second = SAMPLE_RATE / self.hop
        count = min(MOST_STRETCHES, max(1, int(len(windows) / (STRETCH_S * second))))
        length = math.ceil(len(windows) / count)
        own = np.arange(count) * length
        starts = np.maximum(own - round(LEAD_S * second), 0)
        steps: list[list[Any]] = []
        with self._borrowed(count) as slots:
            for step in range(length + int((own - starts).max())):
                at = np.minimum(starts + step, len(windows) - 1)
                steps.append(self._step(windows[at], np.array(slots))[0])
        places = divmod(np.arange(len(windows)), length)
        return [
            steps[own[stretch] - starts[stretch] + at][stretch] for stretch, at in zip(*places, strict=True)
        ]

    def _infer(
        self, samples: NDArray[np.int16], items: Sequence[WindowItem | ClipItem]
    ) -> tuple[list[Any], float]:
        with self._borrowed(sum(isinstance(item, ClipItem) for item in items)) as borrowed:
            spare = iter(borrowed)
            slots = [item.slot if isinstance(item, WindowItem) else next(spare) for item in items]
            return self._step(samples, np.array(slots, np.intp))

    def _step(self, samples: NDArray[np.int16], slots: NDArray[np.intp]) -> tuple[list[Any], float]:
        with self._memory:
            feeds = self.model.prepare(samples, slots)
        tensors, seconds = self._run(feeds)
        with self._memory:
            return self.model.decode(tensors, slots), seconds

    @contextmanager
    def _borrowed(self, count: int) -> Iterator[list[int]]:
        """So many slots that remember nothing, for as long as they are used."""
        slots = [self.take_slot() for _ in range(count)]
        try:
            with self._memory:
                for slot in slots:
                    self.model.reset(slot)
            yield slots
        finally:
            for slot in slots:
                self.give_back_slot(slot)


class LoadedAudioVisualModel(LoadedSampleModel):
    """A model of samples and of what was seen while they were heard."""

    def __init__(self, model: AudioVisualModel, engine: Engine, curve: BatchCurve) -> None:
        super().__init__(model, engine, curve)
        self.model: AudioVisualModel = model
        self.fed_with = model.fed_with

    def open(self, role: str, tracks: Mapping[TrackKind, Track], max_age_s: float) -> ComparedFeed:
        """Feed one more row from the sound."""
        return ComparedFeed(self, role, tracks[self.track], max_age_s + FALL_BEHIND / SAMPLE_RATE)

    def _infer(
        self, samples: NDArray[np.int16], items: Sequence[WindowItem | ClipItem]
    ) -> tuple[list[Any], float]:
        seen = [item.seen for item in items if isinstance(item, WindowItem)]
        tensors, seconds = self._run(self.model.pair(samples, seen))
        return self.model.compare(tensors, seen), seconds
