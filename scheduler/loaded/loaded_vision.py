"""A loaded model of frames: each row is fed with the newest frame of a picture's track."""

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from argusd.ingest.shm.frame import i420_info, plane_shapes
from argusd.ingest.shm.ring import FrameReader
from argusd.kernels.cuda.device import Device

from ..contract.errors import BadPicture
from ..contract.media import TrackKind
from ..contract.roles import FACE_DETECTOR, OBJECT_DETECTOR
from ..core import (
    Analyzer,
    DeviceEngine,
    Engine,
    Feeds,
    Frame,
    Moment,
    Motion,
    Reuse,
    Roi,
    VisionModel,
    whole_frame,
)
from ..engines.failures import failure
from ..media.moments import NANOSECONDS, MediaClock, frame_moment
from ..media.pictures import decoded
from ..media.tracks import Track
from ..models.light import MindsLight, light
from ..models.motion import RecentMotion
from ..models.on_device import FindsOnDevice, decode_on
from ..planning.curve import BatchCurve
from .last_looks import LastLooks
from .loaded_model import TORN, Done, Dropped, LoadedModel, Moments
from .staging import Stager
from .watch import Watch

BAD_IMAGE = BadPicture.code
MADE_UP = (640, 480)  # pixels, as cameras give
WATCHED = (FACE_DETECTOR, OBJECT_DETECTOR)  # roles that find people, and so pictures of some


class FrameItem(msgspec.Struct, frozen=True):
    """A region of a frame, None: all of it. ``skipped``: frames that its reader passed over since the item
    before.

    ``reuse``: whether what its row saw last, ``looks``, may be told of it as well. ``watch``: what keeps what
    moved in its row's frames.
    """

    frame: Frame
    roi: Roi | None
    skipped: int = 0
    reuse: Reuse | None = None
    looks: LastLooks | None = None
    watch: Watch | None = None

    @property
    def part(self) -> bool:
        """Whether it is smaller than the frame."""
        info = self.frame.info
        return self.roi is not None and self.roi.size < max(info.width, info.height)

    @property
    def motion(self) -> Motion | None:
        """What moved in its row's frames of late, where somebody watches."""
        return None if self.watch is None else self.watch.motion

    def motion_with(self, frame: Frame) -> RecentMotion | None:
        """The same, with what this frame of its own, decoded, shows; it is for the caller to keep."""
        if self.watch is None:
            return None
        return self.watch.seeing(frame, self.frame.info.arrival_ns / NANOSECONDS)

    def known(self, frame: Frame | None) -> Any | Dropped | None:
        """What is known of it before a model looks; ``frame``: its own, decoded, unless that failed."""
        if frame is None:
            return Dropped(BAD_IMAGE) if self.frame.valid() else TORN
        if self.roi is None or self.reuse is None or self.looks is None:
            return None
        output = self.looks.recall(frame, self.frame.info.arrival_ns, self.roi, self.reuse)
        return output if frame.valid() else TORN


class GreyFrame:
    """A ``core.Frame`` of I420, as ingest writes it: nothing to see."""

    def __init__(self, width: int, height: int) -> None:
        self.info = i420_info(width, height)
        shapes = plane_shapes(self.info)
        ends = list(accumulate(rows * row_bytes for rows, row_bytes in shapes))
        pixels = np.full(ends[-1], 127, np.uint8)
        parts = zip(np.split(pixels, ends[:-1]), shapes, strict=True)
        self.planes: list[NDArray[np.uint8]] = [part.reshape(shape) for part, shape in parts]

    def valid(self) -> bool:
        """Always."""
        return True


class FrameFeed:
    """Feeds a row with the newest frame there is: a newer one replaces one that was not taken."""

    __slots__ = ("_looks", "_reader", "_role", "_skipped", "_watch", "cursor", "max_age", "track")

    def __init__(self, role: str, track: Track, max_age: float) -> None:
        self.track = track
        self.max_age = max_age
        self.cursor = 0
        self._role = role
        self._reader = _reader(track)
        self._skipped = 0
        self._looks: LastLooks | None = None
        self._watch = Watch() if role in WATCHED else None
        track.readers += 1

    def follow(self) -> int:
        """From the ring's first frame on."""
        self._reader, self._skipped = _reader(self.track), 0
        self.forget()
        return 0

    def forget(self) -> None:
        """Every frame stands for itself, and none for what was seen before."""
        self._looks = None
        if self._watch is not None:
            self._watch = Watch()

    def item(self, analyzer: Analyzer, cursor: int, now: float) -> FrameItem | Dropped | None:  # noqa: ARG002
        """The newest frame if it is fresh, and where in it the analyzer wants this role to look."""
        frame = self._reader.newest()
        self.cursor = self._reader.next
        if frame is None:
            return None
        picture = self.track.picture(frame)  # also where it is not wanted: it is kept until all had it
        if now - frame.info.arrival_ns / NANOSECONDS > self.max_age:
            return Dropped("stale")
        roi = analyzer.roi(self._role, frame.info)
        if roi is None:
            return None
        skipped, self._skipped = self._reader.skipped - self._skipped, self._reader.skipped
        reuse = analyzer.reuse(self._role)
        self._looks = None if reuse is None else self._looks or LastLooks()
        return FrameItem(picture, roi, skipped, reuse, self._looks, self._watch)

    def close(self) -> None:
        """Nothing of what was seen is kept."""
        self.forget()
        self.track.readers -= 1


def _reader(track: Track) -> FrameReader:
    return FrameReader(track.ring.view, track.ring.place, track.ring.generation)


class LoadedVisionModel(LoadedModel):
    """A model of frames. With a ``stager`` crops are cut on its device, and the engine is fed from there."""

    track = "video"
    continuous = False

    def __init__(
        self, model: VisionModel, engine: Engine, curve: BatchCurve, stager: Stager | None = None
    ) -> None:
        super().__init__(model, engine, curve)
        self.model: VisionModel = model
        self._minds_light = model if isinstance(model, MindsLight) else None
        self._stager = stager
        self._there: tuple[DeviceEngine, FindsOnDevice, Device] | None = None
        if stager and isinstance(engine, DeviceEngine) and isinstance(model, FindsOnDevice):
            self._there = engine, model, stager.device

    def open(self, role: str, tracks: Mapping[TrackKind, Track], max_age_s: float) -> FrameFeed:
        """Feed one more row from the picture."""
        return FrameFeed(role, tracks[self.track], max_age_s)

    def rehearsal(self, batch: int) -> Callable[[], object]:
        """What prepares, runs and decodes so many grey frames."""
        frame = GreyFrame(*MADE_UP)
        items = [FrameItem(frame, whole_frame(frame.info))] * batch
        return lambda: self.infer(items)

    def infer(self, items: Sequence[FrameItem]) -> Done:
        """Outputs for these regions.

        Dropped are the frames that their writer overwrote while they were read (``torn``), and JPEGs that
        cannot be decoded (``bad_image``).
        """
        frames = [decoded(item.frame) for item in items]
        outputs = [item.known(frame) for item, frame in zip(items, frames, strict=True)]
        reused = sum(output is not None and not isinstance(output, Dropped) for output in outputs)
        places = [at for at, output in enumerate(outputs) if output is None]
        seconds = self._look(items, frames, places, outputs) if places else 0.0
        return Done(outputs, seconds, reused=reused)

    def _look(
        self,
        items: Sequence[FrameItem],
        frames: Sequence[Frame | None],
        places: Sequence[int],
        outputs: list[Any],
    ) -> float:
        """Put the outputs of the items at these places in their place; returns the seconds that it took."""
        usable = [frame for at in places if (frame := frames[at]) is not None]
        rois = [items[at].roi or whole_frame(frame.info) for at, frame in zip(places, usable, strict=True)]
        feeds = self._prepared(usable, rois)
        how_light = [*map(light, usable, rois)] if self._minds_light is not None else []
        motions = [items[at].motion_with(frame) for at, frame in zip(places, usable, strict=True)]
        intact = [frame.valid() for frame in usable]
        seen, seconds = self._seen(feeds, rois) if any(intact) else ([TORN] * len(places), 0.0)
        if self._minds_light is not None and any(intact):
            seen = self._minds_light.lit(seen, how_light)
        for at, output, motion, ok in zip(places, seen, motions, intact, strict=True):
            outputs[at] = output if ok else TORN
            item = items[at]
            if ok and item.looks is not None:
                item.looks.keep(output)
            if ok and item.watch is not None and motion is not None:
                item.watch.motion = motion
        return seconds

    def _seen(self, feeds: Feeds, rois: Sequence[Roi]) -> tuple[list[Any], float]:
        """Outputs, and the seconds that inference took; with a device's decode the two are one."""
        if self._there is None:
            tensors, seconds = self._run(feeds)
            return self.model.decode(tensors, rois), seconds
        engine, model, device = self._there
        started = time.monotonic()

        def decoded_there(outputs: list[Any]) -> list[Any]:
            return decode_on(model, device, [device.array(each) for each in outputs], rois)

        return engine.run_then(feeds, decoded_there), time.monotonic() - started

    def _prepared(self, frames: Sequence[Frame], rois: Sequence[Roi]) -> Feeds:
        if self._stager is None:
            return self.model.prepare(frames, rois)
        try:
            return self.model.prepare(self._stager.stage(frames), rois)
        except (RuntimeError, MemoryError) as error:
            raise failure(str(error), "CuPy") from error

    def moments(self, items: Sequence[FrameItem], offset_ns: int) -> Moments:
        """Those of the frames."""

        def moments(places: Sequence[int], clocks: Sequence[MediaClock], now: float) -> list[Moment]:
            shown = [items[place] for place in places]
            return [
                frame_moment(
                    item.frame.info, clock, now, offset_ns, item.skipped, self.name, item.part, item.motion
                )
                for item, clock in zip(shown, clocks, strict=True)
            ]

        return moments
