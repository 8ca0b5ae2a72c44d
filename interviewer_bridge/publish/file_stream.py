"""One stream of a media file, decoded pass by pass. All calls block: not for the loop."""

import math
import time
from collections.abc import Iterator
from itertools import chain, groupby
from pathlib import Path
from typing import Any, Literal, NamedTuple

import av
import numpy as np
from av import AudioFrame, AudioResampler, VideoFrame
from av.error import BlockingIOError as NothingYet
from av.error import ExitError, FFmpegError, InvalidDataError
from av.stream import Disposition
from numpy.typing import NDArray

from argusd.scheduler.contract.media import UPRIGHT, Orientation, display_orientation, upright

from ..errors import SourceUnreadable

Kind = Literal["video", "audio"]
AUDIO_RATE = 48_000
AUDIO_BLOCK = 960  # 20 ms, what Opus takes at a time
MAX_SIDE, MAX_PIXELS = 3840, 3840 * 2160
FALLBACK_FRAME_S = 0.04
POLL_S = 0.01
SILENT_S = 15
"""What does not open, or brings nothing, for so long is over: whoever stops reading waits for the read."""


class Piece(NamedTuple):
    """A picture (upright, yuv420p), 20 ms of sound (48 kHz stereo s16), or None for the end of a pass.

    ``start_s`` is when it is due, in seconds of the pass.
    """

    frame: Any
    start_s: float


class Hurry(NamedTuple):
    """What need not be decoded: pictures that nothing refers to, and all up to a keyframe at ``resume_s`` or
    later in the pass (0: nothing)."""

    leave_out: bool = False
    resume_s: float = 0.0


UNHURRIED = Hurry()


class FileStream:
    """The first stream of a kind. A file is opened anew for every pass: what it is cannot matter then.

    ``end_s`` is how much of the pass has been read, ``passes`` how many passes have ended; ``is_live`` tells
    of what is made while it is read.

    Raises:
        SourceUnreadable: it cannot be opened, or brings nothing for ``SILENT_S``.
    """

    def __init__(self, path: str, kind: Kind) -> None:
        self._path = path
        self._kind = kind
        self._container = _open(path)
        self._stream = self._find()
        # What comes as it is made cannot be read faster when it is late.
        self.is_live = not Path(path).is_file() and self._container.duration is None
        self._pieces: Iterator[Piece] | None = None
        self._resume_s = 0.0
        self.end_s = 0.0
        self.passes = 0

    @property
    def exists(self) -> bool:
        """Whether there is such a stream in the file."""
        return self._stream is not None

    @property
    def is_still(self) -> bool:
        """Whether the file is one picture."""
        name: str = self._container.format.name
        return name == "image2" or (name.endswith("_pipe") and name != "image2pipe")

    def _find(self) -> Any:
        streams = getattr(self._container.streams, self._kind)
        stream = next((each for each in streams if not each.disposition & Disposition.attached_pic), None)
        if stream is not None:
            stream.thread_type = "AUTO"
        return stream

    def read(self, hurry: Hurry = UNHURRIED) -> Piece:
        """The next piece of this pass; after its end the next pass begins.

        Raises:
            SourceUnreadable: it cannot be read any further, or the file is another one by now.
        """
        if self._pieces is None:
            if self.passes:
                self._reopen()
            self._pieces = self._decode()
            self._resume_s = self.end_s = 0.0
        if self._kind == "video" and not self.is_live:
            self._stream.codec_context.skip_frame = "NONREF" if hurry.leave_out else "DEFAULT"
            self._resume_s = hurry.resume_s
        piece = next(self._pieces, None)
        if piece is None:
            self._pieces = None
            self._container.close()
            self.passes += 1
            return Piece(None, self.end_s)
        return piece

    def _reopen(self) -> None:
        self._container = _open(self._path)
        self._stream = self._find()
        if self._stream is None:
            raise SourceUnreadable(f"{self._path} holds no {self._kind} any more")

    def _decode(self) -> Iterator[Piece]:
        origin_s = (self._container.start_time or 0) / av.time_base
        return self._pictures(origin_s) if self._kind == "video" else self._sound(origin_s)

    def _packets(self) -> Iterator[Any]:
        packets = self._container.demux(self._stream)
        waited_s = 0.0
        while waited_s < SILENT_S:
            try:
                yield next(packets)
            except (StopIteration, InvalidDataError):  # the end, or where the file is cut off
                return
            except ExitError:
                break
            except NothingYet:  # a device that has nothing yet
                time.sleep(POLL_S)
                waited_s += POLL_S
            else:
                waited_s = 0.0
        raise SourceUnreadable(f"nothing came for {SILENT_S} s")

    def _frames(self, origin_s: float) -> Iterator[Any]:
        for packet in self._packets():
            if self._resume_s:
                if packet.size and not self._resumes(packet, origin_s):
                    continue
                self._resume_s = 0.0
                self._stream.codec_context.flush_buffers()
            try:
                yield from packet.decode()
            except InvalidDataError:
                continue

    def _resumes(self, packet: Any, origin_s: float) -> bool:
        """Whether decoding can go on with this packet, in time."""
        if packet.pts is None:
            return False
        start_s = float(packet.pts * packet.time_base) - origin_s
        self.end_s = max(self.end_s, start_s + float((packet.duration or 0) * packet.time_base))
        return bool(packet.is_keyframe) and start_s >= self._resume_s

    def _pictures(self, origin_s: float) -> Iterator[Piece]:
        frame_s = float(1 / self._stream.average_rate) if self._stream.average_rate else FALLBACK_FRAME_S
        rotation, orientation = None, UPRIGHT
        for frame in self._frames(origin_s):
            start_s = self.end_s if frame.time is None else frame.time - origin_s
            self.end_s = start_s + (float(frame.duration * frame.time_base) if frame.duration else frame_s)
            # Not for each picture: one whose side data was looked at waits for the garbage collector.
            if frame.rotation != rotation:
                rotation, orientation = frame.rotation, display_orientation(frame)
            yield Piece(upright_picture(frame, orientation), start_s)

    def _sound(self, origin_s: float) -> Iterator[Piece]:
        for _, frames in groupby(self._frames(origin_s), _form):  # it may change in a broadcast's midst
            resampler = AudioResampler("s16", "stereo", AUDIO_RATE, AUDIO_BLOCK)
            for frame in chain(frames, [None]):
                for block in resampler.resample(frame):
                    start_s = self.end_s if block.time is None else block.time - origin_s
                    self.end_s = start_s + AUDIO_BLOCK / AUDIO_RATE
                    yield Piece(whole_block(block), start_s)


def _open(path: str) -> Any:
    try:
        return av.open(path, timeout=SILENT_S)
    except ExitError as error:
        raise SourceUnreadable(f"cannot open {path}: no answer within {SILENT_S} s") from error
    except (FFmpegError, OSError) as error:
        raise SourceUnreadable(f"cannot open {path}: {error.strerror or 'not a media file'}") from error


def _form(frame: AudioFrame) -> tuple[str, str, int]:
    """What a resampler is made for."""
    return frame.format.name, frame.layout.name, frame.sample_rate


def upright_picture(frame: VideoFrame, orientation: Orientation) -> VideoFrame:
    """The picture as it is to be looked at, in yuv420p, at most as large as a daemon takes by default."""
    width, height = fitting(frame.width, frame.height)
    picture = frame.reformat(width, height, "yuv420p")
    if orientation == UPRIGHT:
        return picture
    planes = upright(planes_of(picture), orientation)
    height, width = planes[0].shape
    turned = VideoFrame(width, height, "yuv420p")
    for place, plane in zip(planes_of(turned), planes, strict=True):
        np.copyto(place, plane)
    return turned


def planes_of(picture: VideoFrame) -> list[NDArray[np.uint8]]:
    """Views of a picture's planes, u8 ``[rows, bytes per row]``, padding cut off."""
    return [
        np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
        for plane in picture.planes
    ]


def fitting(width: int, height: int) -> tuple[int, int]:
    """A size of the same shape that is no larger than 4K, lying or standing; even where it is another one."""
    scale = min(MAX_SIDE / max(width, height), math.sqrt(MAX_PIXELS / (width * height)))
    return (width, height) if scale >= 1 else (int(width * scale) // 2 * 2, int(height * scale) // 2 * 2)


def whole_block(block: AudioFrame | None = None) -> AudioFrame:
    """A block of full length: silence, after the block's own samples if one is given."""
    if block is not None and block.samples == AUDIO_BLOCK:
        return block
    samples = np.zeros((1, 2 * AUDIO_BLOCK), np.int16)
    if block is not None:
        samples[:, : 2 * block.samples] = block.to_ndarray()
    whole = AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
    whole.sample_rate = AUDIO_RATE
    return whole
