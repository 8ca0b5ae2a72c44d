"""Plays recordings to a stream with real models, at the policy's rates, without the loop between them."""

import io
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, cast

import av
import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from argusd.ingest.frame import FrameInfo, i420_info, plane_shapes
from argusd.ingest.ring import FrameView
from argusd.scheduler.core import Moment, Outcome, Stream, VisionModel
from argusd.scheduler.models.catalog import MODELS
from argusd.scheduler.zoo.store import ZooStore

MEDIA = Path(__file__).parents[4] / "shared" / "media"


class Told(NamedTuple):
    """One outcome and when it was told, in media seconds."""

    media_s: float
    outcome: Outcome


class Findings(NamedTuple):
    """What a stream told over one recording."""

    told: list[Told]
    latest: list[tuple[float, dict[str, Any]]]

    def violations(self, name: str) -> list[Told]:
        return [told for told in self.told if told.outcome.type == "violation" and told.outcome.name == name]

    def between(self, begin_s: float, end_s: float) -> list[dict[str, Any]]:
        """Newest results of that part."""
        return [latest for media_s, latest in self.latest if begin_s <= media_s < end_s]


class DecodedFrame(NamedTuple):
    """The part of a FrameView that models use, of a frame that lies in no ring."""

    info: FrameInfo
    planes: list[NDArray[np.uint8]]


class Runner:
    """The adapter of one role's best model with an ONNX Runtime session."""

    def __init__(self, store: ZooStore, role: str) -> None:
        name = store.choose(role)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.model: Any = MODELS[name](name)
        self._session = onnxruntime.InferenceSession(store.path(name), options, ["CPUExecutionProvider"])

    def run(self, feeds: dict[str, NDArray[Any]]) -> list[NDArray[Any]]:
        return list(self._session.run(None, feeds))


@pytest.fixture(scope="session")
def runner(store: ZooStore) -> Callable[[str], Runner]:
    """Makes each role's runner once."""
    runners: dict[str, Runner] = {}

    def get(role: str) -> Runner:
        if role not in runners:
            runners[role] = Runner(store, role)
        return runners[role]

    return get


@pytest.fixture(scope="session")
def media() -> Path:
    """The folder of recordings beside the repository."""
    if not MEDIA.is_dir():
        pytest.skip("the recordings are not here")
    return MEDIA


@pytest.fixture(scope="session")
def watch(runner: Callable[[str], Runner]) -> Callable[[Stream, Path | io.BytesIO], Findings]:
    """Show a recording (or a picture) to a stream."""

    def play(stream: Stream, source: Path | io.BytesIO) -> Findings:
        findings = Findings([], [])
        due = dict.fromkeys(stream.rates, 0.0)
        at = Moment(0.0, 0.0, 0.0)
        for media_s, frame in frames(source):
            at = Moment(media_s, 0.0, 0.0, frame.info.width, frame.info.height)
            for role, rate in stream.rates.items():
                if media_s >= due[role] - 1e-6:
                    due[role] += 1 / rate
                    outcomes = look(runner(role), stream, role, frame, at)
                    findings.told.extend(Told(media_s, outcome) for outcome in outcomes)
            findings.latest.append((media_s, stream.latest()))
        findings.told.extend(Told(at.media_s, outcome) for outcome in stream.finish(at))
        return findings

    return play


def look(runner: Runner, stream: Stream, role: str, frame: FrameView, at: Moment) -> list[Outcome]:
    """One role's look at one frame."""
    model: VisionModel = runner.model
    roi = stream.roi(role, frame.info)
    if roi is None:
        return []
    tensors = runner.run(model.prepare([frame], [roi]))
    return stream.absorb(role, model.decode(tensors, [roi])[0], at)


def frames(source: Path | io.BytesIO) -> Iterator[tuple[float, FrameView]]:
    """Media seconds since the first frame, and the frame, as ingest would put it into a ring."""
    with av.open(str(source) if isinstance(source, Path) else source, "r") as container:
        first: float | None = None
        for picture in container.decode(video=0):
            time = float(picture.time or 0.0)
            first = time if first is None else first
            yield time - first, as_view(picture)


def as_view(picture: av.VideoFrame) -> FrameView:
    picture = picture.reformat(picture.width // 2 * 2, picture.height // 2 * 2, "yuv420p")
    info = i420_info(picture.width, picture.height)
    planes = [
        np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : shape[1]]
        for plane, shape in zip(picture.planes, plane_shapes(info), strict=True)
    ]
    return cast(FrameView, DecodedFrame(info, planes))


@pytest.fixture(scope="session")
def through_vp8() -> Callable[[Path], io.BytesIO]:
    """A recording as a browser would send it: VP8 in real time at 600 kbit/s."""

    def degrade(source: Path) -> io.BytesIO:
        sent = io.BytesIO()
        with av.open(str(source), "r") as container, av.open(sent, "w", "webm") as output:
            video = container.streams.video[0]
            encoder: Any = output.add_stream("libvpx", rate=video.average_rate)
            encoder.width, encoder.height, encoder.pix_fmt = video.width, video.height, "yuv420p"
            encoder.bit_rate, encoder.time_base = 600_000, Fraction(1, 90_000)
            encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
            for picture in container.decode(video):
                output.mux(encoder.encode(picture))
            output.mux(encoder.encode(None))
        sent.seek(0)
        return sent

    return degrade
