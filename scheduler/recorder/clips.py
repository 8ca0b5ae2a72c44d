"""Pictures and sound as a WebM: VP8 (RFC 6386) and Opus (RFC 6716), which every browser plays."""

import threading
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from ..contract.media import SAMPLE_RATE
from .pace import Pace, a_share_of_the_machine
from .pictures import Shot
from .preroll import PICTURES_HZ
from .sound import PIECE

MILLISECONDS = Fraction(1, 1000)
BITS_PER_SECOND, SOUND_BITS_PER_SECOND = 500_000, 24_000
ENCODER = {
    "deadline": "realtime",
    "cpu-used": "-12",  # a fixed speed: the fastest costs a tenth less and up to 3 dB
    "crf": "16",  # where this quality takes fewer bits than there are, the rest is saved
    "static-thresh": "300",  # what stands still but for its noise is not coded again
}
SOUND_ENCODER = {"compression_level": "5"}  # Opus' complexity: 10 costs more than twice as much


class Footage(NamedTuple):
    """What a clip is made of; times are CLOCK_MONOTONIC in ns. ``samples``: i16 ``[samples]``."""

    shots: Sequence[Shot]
    samples: NDArray[np.int16]
    sound_begins_ns: int

    @property
    def empty(self) -> bool:
        """Whether there is nothing of it."""
        return not self.shots and not len(self.samples)

    @property
    def begins_ns(self) -> int:
        """When the first of it came."""
        begins = [shot.info.arrival_ns for shot in self.shots[:1]]
        return min(begins + ([self.sound_begins_ns] if len(self.samples) else []), default=0)

    @property
    def duration_s(self) -> float:
        """From its first picture or sample to its last."""
        ends = [shot.info.arrival_ns for shot in self.shots[-1:]]
        if len(self.samples):
            ends.append(self.sound_begins_ns + len(self.samples) * 1_000_000_000 // SAMPLE_RATE)
        return (max(ends, default=0) - self.begins_ns) / 1e9


class GivenUp(Exception):
    """Nobody wants the clip any more."""


def write_clip(footage: Footage, given_up: threading.Event, path: Path) -> None:
    """Encode it on one thread, little by little: some 6 ms of a core for each picture, caches being cold.

    Raises:
        GivenUp: ``given_up`` was set meanwhile.
        av.FFmpegError, OSError: it cannot be encoded or written.
    """
    pace = Pace(a_share_of_the_machine())
    with av.open(str(path), "w", format="webm") as file:
        for packets in encoded(file, footage):
            file.mux(packets)
            if given_up.wait(pace.rest_s()):
                raise GivenUp


def encoded(file: Any, footage: Footage) -> Iterator[Any]:
    """Its pictures and then its samples, as packets of the file's streams."""
    video: Any = video_of(file, footage.shots[0]) if footage.shots else None
    sound: Any = sound_of(file) if len(footage.samples) else None
    for shot in footage.shots:
        yield video.encode(picture_of(shot, video, footage.begins_ns))
    if sound is not None:
        begins = round((footage.sound_begins_ns - footage.begins_ns) * SAMPLE_RATE / 1e9)
        for at in range(0, len(footage.samples), PIECE):
            yield sound.encode(piece_of(footage.samples[at : at + PIECE], begins + at))
    for stream in (video, sound):
        if stream is not None:
            yield stream.encode(None)


def video_of(file: Any, first: Shot) -> Any:
    """The stream of pictures, as large as the first one is."""
    height, width = decoded(first).shape[:2]
    stream = file.add_stream("libvpx", rate=round(PICTURES_HZ), options=ENCODER)
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    stream.bit_rate = BITS_PER_SECOND
    stream.codec_context.time_base = MILLISECONDS
    stream.codec_context.thread_count = 1
    return stream


def sound_of(file: Any) -> Any:
    """The stream of samples."""
    stream = file.add_stream("libopus", rate=SAMPLE_RATE, layout="mono", format="s16", options=SOUND_ENCODER)
    stream.bit_rate = SOUND_BITS_PER_SECOND
    return stream


def picture_of(shot: Shot, stream: Any, begins_ns: int) -> Any:
    """A picture of the clip; one of another geometry is stretched to that of the first."""
    pixels = decoded(shot)
    if pixels.shape[:2] != (stream.height, stream.width):
        pixels = cv2.resize(pixels, (stream.width, stream.height), interpolation=cv2.INTER_AREA)
    frame = av.VideoFrame.from_ndarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2YUV_I420), format="yuv420p")
    frame.pts, frame.time_base = (shot.info.arrival_ns - begins_ns) // 1_000_000, MILLISECONDS
    return frame


def piece_of(samples: NDArray[np.int16], at: int) -> Any:
    """Samples of the clip, of which the first is number ``at``."""
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, at, Fraction(1, SAMPLE_RATE)
    return frame


def decoded(shot: Shot) -> Any:
    """BGR u8 ``[height, width, 3]``."""
    return cv2.imdecode(np.frombuffer(shot.jpeg, np.uint8), cv2.IMREAD_COLOR)
