"""A recording: a Matroska file (RFC 9559) of pictures (FFV1, RFC 9043) and samples (PCM), without loss."""

import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from argusd.scheduler.contract.media import SAMPLE_RATE

MILLISECONDS = Fraction(1, 1000)  # Matroska's own
ONLY_OWNER = 0o600


class Film:
    """Pictures of one ``size`` (width, height; None: there are none), and sound, from 0 s on.

    Raises:
        OSError: it cannot be written, or something of this name is there already.
        av.FFmpegError: it cannot be encoded.
    """

    def __init__(self, path: Path, size: tuple[int, int] | None, *, sound: bool) -> None:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, ONLY_OWNER))
        self._file = av.open(str(path), "w", format="matroska")
        self._video: Any = self._pictures(*size) if size else None
        self._sound: Any = self._samples() if sound else None
        self._shown_ms = -1
        self.pictures = 0
        self.samples = 0

    @property
    def seconds(self) -> float:
        """How long it is so far."""
        return max(self._shown_ms / 1000, self.samples / SAMPLE_RATE, 0.0)

    def show(self, at_s: float, picture: av.VideoFrame) -> None:
        """Add a picture (yuv420p), scaled where it has another size; a later one is at least 1 ms later."""
        self._shown_ms = max(self._shown_ms + 1, round(at_s * 1000))
        fitting = picture.reformat(self._video.width, self._video.height)
        fitting.pts, fitting.time_base = self._shown_ms, MILLISECONDS
        self._file.mux(self._video.encode(fitting))
        self.pictures += 1

    def say(self, samples: NDArray[np.int16]) -> None:
        """Add samples, 16 kHz mono, right after those before."""
        if not len(samples):
            return
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, self.samples, Fraction(1, SAMPLE_RATE)
        self._file.mux(self._sound.encode(frame))
        self.samples += len(samples)

    def close(self) -> None:
        """Write what is left."""
        for stream in (self._video, self._sound):
            if stream is not None:
                self._file.mux(stream.encode(None))
        self._file.close()

    def _pictures(self, width: int, height: int) -> Any:
        stream: Any = self._file.add_stream("ffv1", rate=1000)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = MILLISECONDS
        return stream

    def _samples(self) -> Any:
        return self._file.add_stream("pcm_s16le", rate=SAMPLE_RATE, layout="mono")
