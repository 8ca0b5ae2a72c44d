"""Encoded frames to I420 in shared memory, in a thread of the session's own.

The thread is a daemon and never joined: closing a session must not wait for a decoder. It ends by itself when
its ring is closed.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import NamedTuple

import av
import msgspec
import numpy as np
from numpy.typing import NDArray

from argusd.scheduler.contract.logs.tracebacks import log_fault
from argusd.scheduler.contract.media import UPRIGHT, Orientation

from ..errors import ArenaFull, RingClosed
from ..shm.frame import FrameFlag, FrameInfo, i420_info
from ..shm.sink import FrameSink
from .opening import open_decoder
from .picture import upright_planes
from .repeats import RepeatDetector
from .resizing import SizeChanges
from .thinning import Thinning

log = logging.getLogger(__name__)

PLANAR_420 = ("yuv420p", "yuvj420p")
MAX_DELAYED = 32
MAX_HELD = 8
SHOWN_LATE_NS = 100_000_000


class DecodeJob(NamedTuple):
    """A frame for the decoder (FFmpeg's name of it), how it is turned, and what its slot's header says.

    ``discardable``: its sender says that no other frame is predicted from it.
    ``shown``: whether its picture is published; if not, it is decoded where others may be predicted from it.
    """

    decoder: str
    data: bytes
    rtp_timestamp: int
    captured_ns: int
    arrival_ns: int
    flags: FrameFlag
    orientation: Orientation = UPRIGHT
    discardable: bool = False
    shown: bool = True


class VideoDecoder:
    """Decodes what it is given in order. ``failed`` is called, in the thread, when its state is lost.

    The queue is bounded by its only producer, which asks for ``backlog`` before it submits (see gate.py).
    ``frames`` counts what was published, ``dropped`` what was not and why; only the thread writes them.
    ``on_gpu``: as ``open_decoder`` has it, for as long as a GPU makes pictures of what it is given.
    """

    def __init__(
        self, max_pixels: int, sink: FrameSink, failed: Callable[[], None], *, on_gpu: bool = False
    ) -> None:
        self._max_pixels = max_pixels
        self._sink = sink
        self._failed = failed
        self._on_gpu = on_gpu
        self._queue: SimpleQueue[DecodeJob | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._thinning = Thinning()
        self._held: list[DecodeJob] = []
        self._repeats = RepeatDetector()
        self._size_changes = SizeChanges()
        self.frames = 0
        self.dropped: Counter[str] = Counter()

    @property
    def backlog(self) -> int:
        """Frames that wait."""
        return self._queue.qsize() + len(self._held)

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height of the newest picture that was published; None before the first."""
        return self._sink.size

    def submit(self, work: DecodeJob) -> None:
        """Queue a frame, or hold it back until one comes whose picture is shown (see thinning.py)."""
        self._held.append(work)
        if (
            self._thinning.shows(work.rtp_timestamp, discardable=work.discardable)
            or len(self._held) == MAX_HELD
        ):
            self._queue_held()

    def thin(self, pictures_hz: float) -> None:
        """Publish no more pictures than are of use to who looks at so many a second; at first all are."""
        self._thinning = Thinning(pictures_hz)

    def show_newest(self, now_ns: int) -> None:
        """Publish the newest picture even so, if nothing came after it for a while."""
        if self._held and now_ns - self._held[-1].arrival_ns >= SHOWN_LATE_NS:
            self._queue_held()

    def _queue_held(self) -> None:
        """The last one is shown. The first of all starts the thread, and the first after a fault another."""
        *hidden, newest = self._held
        self._held = []
        for work in hidden:
            self._queue.put(work._replace(shown=False))
        self._queue.put(newest)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="video-decoder", daemon=True)
            self._thread.start()

    def clear(self) -> int:
        """Drop what waits; returns how many frames that were."""
        count, self._held = len(self._held), []
        while True:
            try:
                self._queue.get_nowait()
            except Empty:
                return count
            count += 1

    def restart(self) -> int:
        """Drop what waits, and what was published; returns how many frames waited. A keyframe comes next.

        A frame that is just being decoded is still published.
        """
        waited = self.clear()
        self._repeats = RepeatDetector()
        self._sink.restart()
        return waited

    def close(self) -> None:
        """Let the thread end as soon as it can. Does not wait."""
        self.clear()
        self._queue.put(None)

    def _run(self) -> None:
        try:
            self._decode_all()
        except Exception as error:  # the top of the thread
            if not self.dropped["decoder_fault"]:  # a sender may send the like without end
                log_fault(log, "a video decoder fails, and another one begins", error)
            self.dropped["decoder_fault"] += 1
            self._thread = None
            self._failed()

    def _decode_all(self) -> None:
        name, context, made, damaged = "", None, 0, False
        delayed: dict[int, DecodeJob] = {}
        while (work := self._queue.get()) is not None:
            if context is None or work.decoder != name:
                name, made = work.decoder, 0
                context = open_decoder(work.decoder, self._max_pixels, self._on_gpu)
            pictures = self._decode(context, work)
            made += len(pictures or ())
            if pictures is None and context.is_hwaccel and not made:
                self._on_gpu, context = False, None  # of a form that the GPU does not take
            elif pictures is None and damaged and not context.is_hwaccel:
                context = None  # what it took of the first is not flushed out of it
            damaged = pictures is None
            delayed[work.rtp_timestamp] = work
            if not work.shown:
                self.dropped["not_shown"] += 1
            for picture in pictures or ():
                if not self._publish(picture, delayed.pop(picture.pts or 0, work)):
                    return
                for passed_over in [each for each in delayed if each < (picture.pts or 0)]:
                    del delayed[passed_over]
            if not pictures and len(delayed) > MAX_DELAYED:
                self.dropped["no_picture"] += len(delayed)
                delayed.clear()

    def _decode(self, context: av.VideoCodecContext, work: DecodeJob) -> list[av.VideoFrame] | None:
        """The pictures that are there now; None: the frame is damaged, or no decoder's."""
        packet = av.Packet(work.data)
        packet.pts = work.rtp_timestamp
        context.skip_frame = "DEFAULT" if work.shown else "NONREF"
        try:
            # Of a picture's spatial layers, which share its time, the last is the whole of it.
            return list({picture.pts: picture for picture in context.decode(packet)}.values())
        except av.FFmpegError:
            self.dropped["decode_error"] += 1
            context.flush_buffers()
            self._failed()
            return None

    def _publish(self, picture: av.VideoFrame, work: DecodeJob) -> bool:
        if not work.shown:
            return True
        if picture.format.name == "nv12":
            picture = picture.reformat(format="yuv420p")
        if picture.format.name not in PLANAR_420:
            self.dropped["pixel_format"] += 1
            return True
        planes = upright_planes(picture, work.orientation)
        if self._repeats.is_repeat(planes[0], work.arrival_ns):
            self.dropped["repeated"] += 1
            return True
        if not self._size_changes.allows(planes[0].shape, work.arrival_ns):
            self.dropped["resized"] += 1
            return True
        try:
            self._sink.write(planes, describe(planes[0], work))
        except ArenaFull:
            self.dropped["arena_full"] += 1
        except RingClosed:
            return False
        else:
            self.frames += 1
        return True


def describe(luma: NDArray[np.uint8], work: DecodeJob) -> FrameInfo:
    """The slot header of a picture with this luma plane."""
    height, width = luma.shape
    return msgspec.structs.replace(
        i420_info(width, height),
        captured_ns=work.captured_ns,
        arrival_ns=work.arrival_ns,
        rtp_timestamp=work.rtp_timestamp,
        flags=work.flags,
    )
