"""The scheduler's vocabulary: what models, analyzers and the loop between them say to each other.

A *model* turns frames or samples into outputs and knows no sessions. An *analyzer* belongs to one session,
says which roles it wants to look at what, and turns outputs into outcomes; it knows no tensors and no clocks.
The loop brings them together in batches over all sessions::

    plan(now, demand) -> Batch        which rows of which model
    model.prepare(...) -> feeds       frames or samples of those rows, one tensor for all of them
    engine.run(feeds) -> tensors
    model.decode(tensors) -> outputs  one per row
    analyzer.absorb(role, output, at) one row's output, to outcomes
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple, Protocol, TypeVar, runtime_checkable

import msgspec
import numpy as np
from numpy.typing import NDArray

from argusd.ingest.shm.frame import FrameInfo

from .contract.policy import Policy

Feeds = dict[str, NDArray[Any]]
Result = TypeVar("Result")

EVERY_WINDOW = math.inf  # Hz


class Roi(NamedTuple):
    """A square region of a frame, in its pixels; it may reach beyond the frame's edges (black there).

    ``angle`` turns it clockwise, in radians. The whole frame, letterboxed, is the square around it.
    """

    center_x: float
    center_y: float
    size: float
    angle: float = 0.0


def whole_frame(info: FrameInfo) -> Roi:
    """The square that holds the whole picture."""
    return _square_around(info.width, info.height)


@lru_cache(maxsize=64)
def _square_around(width: int, height: int) -> Roi:
    return Roi(width / 2, height / 2, float(max(width, height)))


class Reuse(NamedTuple):
    """For which later pictures an output holds: those that are as the one it was made of, as far as it shows.

    ``longest_s``: for so many seconds at most. ``followed``: a region that may change meanwhile.
    """

    longest_s: float
    followed: Roi | None = None


class Frame(Protocol):
    """A picture where it lies: a slot of a ring (``ingest.shm.ring.FrameView``) or a task's decoded image."""

    @property
    def info(self) -> FrameInfo:
        """Its geometry."""

    @property
    def planes(self) -> Sequence[NDArray[np.uint8]]:
        """u8 ``[rows, bytes per row]``, see ``ingest.shm.frame.plane_shapes``."""

    def valid(self) -> bool:
        """Whether nothing of it was overwritten so far; to be asked after the pixels were used."""


class Engine(Protocol):
    """Runs one model's graph. Threads may call ``run`` at the same time."""

    def run(self, feeds: Feeds) -> list[NDArray[Any]]:
        """Run a batch; every feed's first axis is the batch unless the model says otherwise."""


@runtime_checkable
class DeviceEngine(Engine, Protocol):
    """An engine whose outputs can be used where it leaves them, on its device."""

    def run_then(self, feeds: Feeds, then: Callable[[list[Any]], Result]) -> Result:
        """Run a batch; what ``then`` makes of its outputs, which are overwritten after that."""


class Model(Protocol):
    """What every model tells the scheduler."""

    @property
    def role(self) -> str:
        """The role it fills, as in DESIGN's table: face_detector, vad, …"""

    @property
    def name(self) -> str:
        """Its id in the manifest; results carry it."""

    def example(self, batch: int) -> Feeds:
        """Feeds of this batch size with plausible values, to warm up and to measure the batch curve."""


class VisionModel(Model, Protocol):
    """A model of frames."""

    def prepare(self, frames: Sequence[Frame], rois: Sequence[Roi]) -> Feeds:
        """One tensor from one region of each frame. Only afterwards is it known which frames are intact."""

    def decode(self, tensors: Sequence[NDArray[Any]], rois: Sequence[Roi]) -> list[Any]:
        """One output for each row, coordinates in its frame's pixels."""


class SampleModel(Model, Protocol):
    """What models of samples have in common."""

    @property
    def window(self) -> int:
        """Samples (16 kHz) it takes at a time."""

    @property
    def hop(self) -> int:
        """Samples from the beginning of one window to that of the next; what windows share is given again."""


@runtime_checkable
class AudioModel(SampleModel, Protocol):
    """A model of samples that remembers each session in a slot of its own columns."""

    def reset(self, slot: int) -> None:
        """Forget what was heard in this slot."""

    def prepare(self, samples: NDArray[np.int16], slots: NDArray[np.intp]) -> Feeds:
        """Feeds for i16 ``[B, window]`` samples; ``slots`` are distinct."""

    def decode(self, tensors: Sequence[NDArray[Any]], slots: NDArray[np.intp]) -> list[Any]:
        """One output for each row; keeps the new state of the slots, where nothing raises.

        Until then the slots are as before ``prepare``, so that a batch can be run again without some rows.
        """


@runtime_checkable
class AudioVisualModel(SampleModel, Protocol):
    """A model of samples and of what a ``AudioVisualAnalyzer`` saw meanwhile; it remembers nothing."""

    @property
    def fed_with(self) -> str | None:
        """A role whose outputs it needs and nobody else does; None: what the stream sees anyway is enough."""

    def pair(self, samples: NDArray[np.int16], seen: Sequence[Any]) -> Feeds:
        """Feeds for i16 ``[B, window]`` samples and what was seen while they were heard."""

    def compare(self, tensors: Sequence[NDArray[Any]], seen: Sequence[Any]) -> list[Any]:
        """One output for each row."""


class LibraryModel(Protocol):
    """A model that its own library runs, one input at a time; only tasks use it, by ``compute``.

    Threads may use it at the same time. Its other methods are its tasks' business.
    """

    @property
    def role(self) -> str:
        """The role it fills."""

    @property
    def name(self) -> str:
        """Its id in the manifest."""

    def check(self) -> None:
        """Load it and run it on something small.

        Raises:
            InferenceFailed: it does not run here.
        """


Edges = tuple[float, float, float, float]
"""Left, top, right and bottom, in a frame's pixels, as of ``models.outputs.Box``."""


class Motion(Protocol):
    """What of a row's pictures moved lately."""

    @property
    def looks(self) -> int:
        """How many looks at this shot were compared with the one before."""

    def moves(self, box: Edges, others: Iterable[Edges], width: int, height: int, times: int = 1) -> bool:
        """Whether something moved in a box of a picture of this size, outside the others, in so many of the
        looks; or nobody knows."""


class Moment(msgspec.Struct, frozen=True, gc=False):
    """When something was seen or heard.

    ``media_s``: seconds since the stream's first frame or sample, on the media's own clock (rules use it,
    so that a record replays the same). ``captured_at``: unix seconds. ``frame_age_ms``: from arrival to now.
    ``width``, ``height``: the frame's pixels (0 for audio). ``skipped``: frames passed over since the last.
    ``part``: only a part of the frame was looked at.
    ``lasts_s``: seconds of sound that are new in a window (0 for frames).
    ``on_sender_clock``: whether ``captured_at`` is the sender's own, so that sound and picture can be
    compared by it; else it tells when they arrived. ``model``: the id of the one that looked.
    ``motion``: what moved in the picture of late; None: nobody watched.
    """

    media_s: float
    captured_at: float
    frame_age_ms: float
    width: int = 0
    height: int = 0
    skipped: int = 0
    on_sender_clock: bool = False
    lasts_s: float = 0.0
    model: str = ""
    part: bool = False
    motion: Motion | None = None


class Outcome(msgspec.Struct, frozen=True):
    """What an analyzer has to tell: the part of an event that does not depend on who listens."""

    type: Literal["violation", "observation", "session"]
    name: str
    state: Literal["start", "update", "end"]
    confidence: float
    severity: Literal["info", "warning", "critical"] = "info"
    data: dict[str, Any] = {}

    @property
    def begins_violation(self) -> bool:
        """Whether it is a violation's start."""
        return self.type == "violation" and self.state == "start"


class Analyzer(Protocol):
    """One session's face, video, audio or lipsync: which models look, and what their outputs mean."""

    @property
    def name(self) -> str:
        """face, video, audio or lipsync."""

    @property
    def rates(self) -> Mapping[str, float]:
        """Role to wanted Hz while there is no overload; ``EVERY_WINDOW``: every window of samples.

        Only ``apply`` changes which roles there are; a vision role's Hz may change with what is seen. It is
        asked for after each look, so better kept than made.
        """

    @property
    def news(self) -> bool:
        """Whether what was absorbed last changed what ``latest`` tells."""

    def apply(self, policy: Policy) -> list[Outcome]:
        """Judge by another policy from the next look on; what is known and what is open stays.

        Returns the ends of those violations that are not wanted any more, or that no role judges now.
        """

    def roi(self, role: str, info: FrameInfo) -> Roi | None:
        """Where in the next frame this role is to look; None: nowhere now, spend nothing on it."""

    def reuse(self, role: str) -> Reuse | None:
        """Whether this role's next output may stand for later pictures as well; None: look at each anew."""

    def wants(self, role: str) -> bool:
        """Whether this role is to be given the next window; False: spend nothing on it."""

    def absorb(self, role: str, output: Any, at: Moment) -> list[Outcome]:
        """Take one output in; returns what starts, changes or ends because of it."""

    def latest(self) -> dict[str, Any]:
        """The newest result, as the stream's JSON of the wire contract (DESIGN section 6)."""

    def restart(self) -> None:
        """The picture's geometry or the sample count began anew: drop positions, keep rules and findings."""

    def forget(self) -> None:
        """What feeds it fell silent: what was seen or heard last says nothing of now. Whom it knows stays."""

    def finish(self, at: Moment) -> list[Outcome]:
        """The stream is over, or what feeds it fell silent: end what is open."""


AnalyzerFactory = Callable[[Policy], Analyzer]


@runtime_checkable
class AudioVisualAnalyzer(Analyzer, Protocol):
    """An analyzer that compares what it hears with what it sees."""

    def seen_since(self, begins_s: float) -> Any | None:
        """What an ``AudioVisualModel`` is to compare with sound from this moment (of the sender's clock) on.

        None: nothing that is worth it.
        """
