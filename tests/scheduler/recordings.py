"""Recordings and pictures for tests with real models, as ingest would hand them over."""

import io
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, cast

import av
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from argusd.ingest.shm.frame import FrameInfo, i420_info, plane_shapes
from argusd.ingest.shm.ring import FrameView
from argusd.scheduler.contract.media import SAMPLE_RATE
from argusd.scheduler.core import Analyzer, Moment, Outcome, Roi, whole_frame
from argusd.scheduler.models.catalog import MODELS
from argusd.scheduler.models.light import MindsLight, light
from argusd.scheduler.models.registry import Graph
from argusd.scheduler.zoo.store import ZooStore

Source = Path | io.BytesIO
Film = Iterable[tuple[float, FrameView]]  # media seconds, frame
PACKET = 512


class DecodedFrame(NamedTuple):
    """The part of a FrameView that models use, of a frame that lies in no ring."""

    info: FrameInfo
    planes: list[NDArray[np.uint8]]


def frames(source: Source) -> Film:
    """A recording or picture, from its first frame on."""
    with av.open(source, "r") as container:
        first: float | None = None
        for picture in container.decode(video=0):
            time = float(picture.time or 0.0)
            first = time if first is None else first
            yield time - first, as_view(picture)


def as_view(picture: av.VideoFrame) -> FrameView:
    """A decoded picture as tightly packed I420; an odd last row or column is cut."""
    picture = picture.reformat(picture.width // 2 * 2, picture.height // 2 * 2, "yuv420p")
    info = i420_info(picture.width, picture.height)
    planes = [
        np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : shape[1]]
        for plane, shape in zip(picture.planes, plane_shapes(info), strict=True)
    ]
    return cast(FrameView, DecodedFrame(info, planes))


def from_bgr(pixels: NDArray[np.uint8]) -> FrameView:
    """A picture made by a test, u8 ``[height, width, 3]``."""
    return as_view(av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "bgr24"))


def mirrored(film: Film) -> Film:
    """The same, as in a mirror."""
    for media_s, frame in film:
        planes = [np.ascontiguousarray(plane[:, ::-1]) for plane in frame.planes]
        yield media_s, cast(FrameView, DecodedFrame(frame.info, planes))


def slides(*shown: tuple[FrameView, float], rate: float = 8.0) -> Film:
    """Still pictures one after the other, each for so many seconds."""
    begin_s = 0.0
    for picture, seconds in shown:
        yield from ((begin_s + number / rate, picture) for number in range(int(seconds * rate)))
        begin_s += seconds


def samples(source: Path) -> NDArray[np.int16]:
    """A recording's sound, 16 kHz mono, as it lies in a PcmRing."""
    resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE)
    with av.open(source, "r") as container:
        parts = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    return np.concatenate([part.to_ndarray()[0] for part in [*parts, *resampler.resample(None)]])


def through_vp8(source: Path) -> io.BytesIO:
    """A recording as a browser would send it: VP8 in real time at 600 kbit/s."""
    sent = io.BytesIO()
    with av.open(source, "r") as container, av.open(sent, "w", "webm") as output:
        video = container.streams.video[0]
        encoder: Any = output.add_stream("libvpx", rate=video.average_rate)
        encoder.width, encoder.height, encoder.pix_fmt = video.width, video.height, "yuv420p"
        encoder.bit_rate, encoder.time_base = 600_000, Fraction(1, 90_000)
        # Below 0 the speed is fixed; above, libvpx chooses it by how busy the machine is.
        encoder.options = {"deadline": "realtime", "cpu-used": "-8", "lag-in-frames": "0"}
        for picture in container.decode(video):
            output.mux(encoder.encode(picture))
        output.mux(encoder.encode(None))
    sent.seek(0)
    return sent


class Runner:
    """The adapter of one model with an ONNX Runtime session."""

    def __init__(self, store: ZooStore, name: str) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        entry = MODELS[name]
        assert isinstance(entry, Graph)
        self.model: Any = entry.make(name)
        self._session = onnxruntime.InferenceSession(store.path(name), options, ["CPUExecutionProvider"])

    def run(self, feeds: dict[str, NDArray[Any]]) -> list[NDArray[Any]]:
        return list(self._session.run(None, feeds))

    def look(self, frame: FrameView, roi: Roi | None = None) -> Any:
        """The model's output for one region, the whole frame if none is given."""
        rois = [roi or whole_frame(frame.info)]
        outputs = self.model.decode(self.run(self.model.prepare([frame], rois)), rois)
        if isinstance(self.model, MindsLight):
            outputs = self.model.lit(outputs, [light(frame, rois[0])])
        return outputs[0]


Runners = Callable[[str], Runner]


class Told(NamedTuple):
    """One outcome and when it was told, in media seconds."""

    media_s: float
    outcome: Outcome


class Findings(NamedTuple):
    """What a stream told over one recording, and its newest result after each frame or window."""

    told: list[Told]
    latest: list[tuple[float, dict[str, Any]]]

    def violations(self, name: str) -> list[Outcome]:
        return [outcome for _, outcome in self.told if (outcome.type, outcome.name) == ("violation", name)]

    def observations(self, name: str) -> list[Outcome]:
        return [outcome for _, outcome in self.told if (outcome.type, outcome.name) == ("observation", name)]

    def between(self, begin_s: float, end_s: float) -> list[dict[str, Any]]:
        return [latest for media_s, latest in self.latest if begin_s <= media_s < end_s]


def watch(runners: Runners, stream: Analyzer, film: Film) -> Findings:
    """Show a film to a stream at its own rates, without the loop between them."""
    findings = Findings([], [])
    due = dict.fromkeys(stream.rates, 0.0)
    at = Moment(0.0, 0.0, 0.0)
    for media_s, frame in film:
        at = Moment(media_s, 0.0, 0.0, frame.info.width, frame.info.height)
        for role, rate in stream.rates.items():
            roi = stream.roi(role, frame.info)
            if roi is not None and media_s >= due[role] - 1e-6:
                due[role] = max(due[role] + 1 / rate, media_s)
                output = runners(role).look(frame, roi)
                findings.told.extend(Told(media_s, outcome) for outcome in stream.absorb(role, output, at))
                due[role] = min(due[role], media_s + 1 / stream.rates[role])  # as ``Demand.retime``
        findings.latest.append((media_s, stream.latest()))
    findings.told.extend(Told(at.media_s, outcome) for outcome in stream.finish(at))
    return findings


class _Ear:
    """One role's windows over a recording, each on its turn."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._next = 0
        runner.model.reset(0)

    def outputs(self, stream: Analyzer, sound: NDArray[np.int16]) -> Iterator[tuple[Any, Moment]]:
        """What it makes of the windows that are whole by the end of ``sound``, if the stream wants them."""
        model, slot = self._runner.model, np.array([0], np.intp)
        while self._next + model.window <= len(sound):
            first, self._next = self._next, self._next + model.hop
            if stream.wants(model.role):
                feeds = model.prepare(sound[None, first : first + model.window], slot)
                begins_s = (first + model.window - model.hop) / SAMPLE_RATE
                at = Moment(begins_s, 0.0, 0.0, lasts_s=model.hop / SAMPLE_RATE)
                yield model.decode(self._runner.run(feeds), slot)[0], at


def listen(runners: Runners, stream: Analyzer, sound: NDArray[np.int16]) -> Findings:
    """Play i16 samples to a stream, packet by packet, without the loop between them."""
    findings = Findings([], [])
    ears = {role: _Ear(runners(role)) for role in stream.rates}
    at = Moment(0.0, 0.0, 0.0)
    for end in range(PACKET, len(sound) + 1, PACKET):
        for role, ear in ears.items():
            for output, at in ear.outputs(stream, sound[:end]):
                findings.told.extend(Told(at.media_s, outcome) for outcome in stream.absorb(role, output, at))
        findings.latest.append((at.media_s, stream.latest()))
    findings.told.extend(Told(at.media_s, outcome) for outcome in stream.finish(at))
    return findings
