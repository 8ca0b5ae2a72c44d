"""A model, an engine and a stream that show what the loop gives them; the arenas in these tests are real."""

import gc
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from argusd.ingest.shm.arena import Arena, ArenaView
from argusd.ingest.shm.frame import FrameInfo, PixelFormat, i420_info
from argusd.ingest.shm.ring import FrameRing, PcmRing
from argusd.scheduler.contract.media import TrackKind
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import Latest
from argusd.scheduler.contract.policy import Policy
from argusd.scheduler.core import Feeds, Frame, Moment, Outcome, Reuse, Roi, whole_frame
from argusd.scheduler.media.arena_sources import RingRef
from argusd.scheduler.models.outputs import VoiceActivity

from ..waiting import LONGEST_S

ALICE, BOB = MediaKey("alice"), MediaKey("bob")
WIDTH, HEIGHT = 64, 48
WINDOW = 512
WHAT_IT_SAW = "embedding 0.125 of DOE<<JANE"


class FakeEngine:
    """Doubles what it is fed. ``gate`` holds batches back while it is cleared; ``fail`` is raised once."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.batches: list[int] = []
        self.fail: Exception | None = None
        self.while_running: Callable[[], None] = lambda: None

    def run(self, feeds: Feeds) -> list[NDArray[Any]]:
        self.gate.wait(LONGEST_S)
        self.while_running()
        error, self.fail = self.fail, None
        if error is not None:
            raise error
        self.batches.append(len(feeds["x"]))
        return [feeds["x"] * 2]


class FakeVision:
    """Output: twice the brightness of the frame's first pixel."""

    role = "face_detector"
    name = "fake_vision"

    def __init__(self) -> None:
        self.while_preparing: Callable[[], None] = lambda: None

    def example(self, batch: int) -> Feeds:
        return {"x": np.zeros(batch)}

    def prepare(self, frames: Sequence[Frame], rois: Sequence[Roi]) -> Feeds:
        feeds = {"x": np.array([float(frame.planes[0][0, 0]) for frame in frames])}
        self.while_preparing()
        return feeds

    def decode(self, tensors: Sequence[NDArray[Any]], rois: Sequence[Roi]) -> list[float]:
        return [float(value) for value in tensors[0]]


class FakeAudio:
    """Output: (the window's first sample, windows this slot remembers)."""

    role = "vad"
    name = "fake_audio"
    window = hop = WINDOW

    def __init__(self) -> None:
        self.heard: dict[int, int] = {}

    def example(self, batch: int) -> Feeds:
        return {"x": np.zeros(batch)}

    def reset(self, slot: int) -> None:
        self.heard[slot] = 0

    def prepare(self, samples: NDArray[np.int16], slots: NDArray[np.intp]) -> Feeds:
        return {"x": samples[:, 0].astype(np.float64)}

    def decode(self, tensors: Sequence[NDArray[Any]], slots: NDArray[np.intp]) -> list[tuple[int, int]]:
        for slot in slots:
            self.heard[int(slot)] += 1
        return [
            (int(value) // 2, self.heard[int(slot)]) for value, slot in zip(tensors[0], slots, strict=True)
        ]


class FakeVad:
    """A voice detector of windows as wide as a test says: what is loud is speech."""

    role = "vad"
    name = "fake_vad"

    def __init__(self, window: int, hop: int | None = None) -> None:
        self.window = window
        self.hop = hop or window

    def example(self, batch: int) -> Feeds:
        return {"x": np.zeros(batch)}

    def reset(self, slot: int) -> None:
        pass

    def prepare(self, samples: NDArray[np.int16], slots: NDArray[np.intp]) -> Feeds:
        return {"x": np.abs(samples[:, -self.hop :].astype(np.float64)).mean(axis=1)}

    def decode(self, tensors: Sequence[NDArray[Any]], slots: NDArray[np.intp]) -> list[VoiceActivity]:
        return [VoiceActivity(float(level > 2000), float(level) / 2 / 32768) for level in tensors[0]]


class FakeComparison:
    """Output: (the window's first sample, when it was captured)."""

    role = "lip_sync"
    name = "fake_comparison"
    window = hop = WINDOW
    fed_with = None

    def example(self, batch: int) -> Feeds:
        return {"x": np.zeros((batch, 2))}

    def pair(self, samples: NDArray[np.int16], seen: Sequence[float]) -> Feeds:
        return {"x": np.column_stack([samples[:, 0].astype(np.float64), seen])}

    def compare(self, tensors: Sequence[NDArray[Any]], seen: Sequence[float]) -> list[tuple[int, float]]:
        return [(int(value) // 2, when) for (value, _), when in zip(tensors[0], seen, strict=True)]


class FakeStream:
    """Looks with every role at its ``rates``; remembers what it absorbed and reports it."""

    def __init__(self, name: str, rates: Mapping[str, float]) -> None:
        self.name = name
        self.rates: Mapping[str, float] = rates
        self.looks = True
        self.reuses: Reuse | None = None
        self.news = True
        self.state: Literal["start", "update"] = "update"
        self.absorbed: list[tuple[str, Any, Moment]] = []
        self.restarts = 0
        self.forgotten = 0
        self.policies: list[Policy] = []

    def apply(self, policy: Policy) -> list[Outcome]:
        self.policies.append(policy)
        return []

    def roi(self, role: str, info: FrameInfo) -> Roi | None:
        return whole_frame(info) if self.looks else None

    def reuse(self, role: str) -> Reuse | None:
        return self.reuses

    def wants(self, role: str) -> bool:
        return self.looks

    def seen_since(self, begins_s: float) -> float:
        return begins_s

    def absorb(self, role: str, output: Any, at: Moment) -> list[Outcome]:
        self.absorbed.append((role, output, at))
        kind: Literal["violation", "observation"] = "violation" if self.state == "start" else "observation"
        return [Outcome(kind, role, self.state, 1.0, data={"output": output})]

    def latest(self) -> dict[str, Any]:
        return {"absorbed": len(self.absorbed)}

    def restart(self) -> None:
        self.restarts += 1

    def forget(self) -> None:
        self.forgotten += 1

    def finish(self, at: Moment) -> list[Outcome]:
        return [Outcome("violation", "fake", "end", 1.0)]


def break_analyzer(analyzer: FakeStream, *what: str) -> None:
    """Let these methods and attributes raise from now on, with a message that nobody may read."""

    def fail(*_: object) -> Any:
        raise ValueError(WHAT_IT_SAW)

    parts = {name: property(fail) if name in ("news", "rates") else fail for name in what}
    analyzer.__class__ = type("Broken", (type(analyzer),), parts)


class FakeStreams:
    """A factory that remembers the streams it made, in order."""

    def __init__(self, name: str, rates: Mapping[str, float]) -> None:
        self._name = name
        self.rates = rates
        self.made: list[FakeStream] = []

    def __call__(self, policy: Policy) -> FakeStream:
        self.made.append(FakeStream(self._name, self.rates))
        return self.made[-1]


class HeardFindings:
    """Takes what streams tell and keeps it."""

    def __init__(self) -> None:
        self.findings: list[tuple[MediaKey, str, Outcome, Moment]] = []
        self.newest: list[tuple[MediaKey, str]] = []
        self.results: list[Latest] = []
        self.said: list[str] = []  # of both, in their order

    def finding(self, media: MediaKey, stream: str, outcome: Outcome, at: Moment) -> None:
        self.said.append(outcome.state)
        self.findings.append((media, stream, outcome, at))

    def latest(self, stream: Any, at: Moment) -> None:
        self.said.append("result")
        self.newest.append((stream.media, stream.analyzer.name))
        self.results.append(stream.tell(at, 0.0))

    @property
    def failed(self) -> list[tuple[MediaKey, dict[str, Any]]]:
        """The media of which a stream failed, and what was told of it."""
        return [
            (media, outcome.data)
            for media, stream, outcome, _ in self.findings
            if (stream, outcome.type, outcome.name) == ("media", "session", "stream_failed")
        ]


class ArenaWithTracks:
    """A writer's arena and its reader's view, in one process."""

    def __init__(self) -> None:
        self.arena = Arena(8 << 20)
        self.view = ArenaView(self.arena.fd)

    def frames(self, slots: int = 4) -> tuple[FrameRing, RingRef]:
        ring = FrameRing(self.arena, slots, i420_info(WIDTH, HEIGHT).nbytes)
        return ring, self.ref(ring, "video")

    def pcm(self, seconds: float = 4.0) -> tuple[PcmRing, RingRef]:
        ring = PcmRing(self.arena, seconds)
        return ring, self.ref(ring, "audio")

    def ref(self, ring: FrameRing | PcmRing, kind: TrackKind) -> RingRef:
        return RingRef(self.view, kind, ring.place, ring.generation)


def write_frame(
    ring: FrameRing, brightness: int, *, arrival: float, rtp: int = 0, captured_ns: int = 0
) -> None:
    """A grey picture whose first pixel tells which one it is."""
    info = FrameInfo(
        width=WIDTH,
        height=HEIGHT,
        format=i420_info(WIDTH, HEIGHT).format,
        strides=i420_info(WIDTH, HEIGHT).strides,
        nbytes=i420_info(WIDTH, HEIGHT).nbytes,
        arrival_ns=int(arrival * 1e9),
        rtp_timestamp=rtp,
        captured_ns=captured_ns,
    )
    luma = np.full((HEIGHT, WIDTH), brightness, np.uint8)
    chroma = np.full((HEIGHT // 2, WIDTH // 2), 128, np.uint8)
    ring.write([luma, chroma, chroma], info)


def write_jpeg(ring: FrameRing, data: bytes, *, arrival: float) -> None:
    """A picture as a client sent it, undecoded."""
    info = FrameInfo(
        width=WIDTH,
        height=HEIGHT,
        format=PixelFormat.JPEG,
        strides=(len(data), 0, 0),
        nbytes=len(data),
        arrival_ns=int(arrival * 1e9),
    )
    ring.write([np.frombuffer(data, np.uint8).reshape(1, -1)], info)


def write_windows(ring: PcmRing, values: Sequence[int], *, arrival: float) -> None:
    """One window of constant samples for each value, all arrived by ``arrival``."""
    samples = np.repeat(np.array(values, np.int16), WINDOW)
    start = arrival - len(samples) / 16_000
    ring.write(samples, 0, int(start * 1e9), 0)


def calls_of(run: Callable[[], Any]) -> int:
    """Function calls, Python's and C's, that ``run`` makes.

    Garbage is not collected meanwhile: who listens to that (Hypothesis does) would be counted too.
    """
    count = 0

    def profile(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    gc.disable()
    sys.setprofile(profile)
    try:
        run()
    finally:
        sys.setprofile(None)
        gc.enable()
    return count
