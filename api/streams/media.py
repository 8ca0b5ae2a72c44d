"""Clients' pictures and sound into rings of the api's arena.

Nothing is decoded here: a JPEG's header is read, the rest lies in its slot as it came, and the scheduler
decodes the frames it looks at.
"""

import time
from collections.abc import Callable

import numpy as np
import soxr
from numpy.typing import NDArray

from argusd.ingest.decoding.picture_limit import LEAST_SLOTS
from argusd.ingest.errors import ArenaFull
from argusd.ingest.shm.arena import Arena
from argusd.ingest.shm.frame import FrameInfo, PixelFormat
from argusd.ingest.shm.ring import frame_ring_bytes, pcm_ring_bytes
from argusd.ingest.shm.sink import FrameSink, PcmSink, Ring
from argusd.kernels.errors import BadImage, ImageTooLarge
from argusd.kernels.file_kinds import file_kind
from argusd.kernels.pictures.jpeg_plan import LIVE_PIXELS, plan_jpeg
from argusd.scheduler.contract.errors import (
    ArenaExhausted,
    AudioTooLong,
    BadAudio,
    BadPicture,
    PictureTooLarge,
)
from argusd.scheduler.contract.media import SAMPLE_RATE

from .continuity import SECOND_NS, Continuity

SLOTS = 4
PCM_SECONDS = 8.0
MAX_JPEG_BYTES = 4 << 20
LOWEST_RATE, HIGHEST_RATE = 8_000, 48_000
# What a stream of pictures of 1280×720 needs at least (frame.py), and one of sound.
JPEG_ROOM = frame_ring_bytes(LEAST_SLOTS, 1280 * 720 // 4)
PCM_ROOM = pcm_ring_bytes(PCM_SECONDS)
RTP_PER_SAMPLE = 3  # rings of sound count RTP time in 48 kHz


class JpegTrack:
    """Takes one JPEG at a time; ``taken`` so far. ``opened`` is called with every new ring."""

    def __init__(self, arena: Arena, opened: Callable[[Ring], None]) -> None:
        self._sink = FrameSink(arena, SLOTS, opened)
        self.taken = 0

    def reserve(self) -> None:
        """Have room for ordinary pictures, come what may.

        Raises:
            ArenaFull: there is none.
        """
        self._sink.reserve(JPEG_ROOM)

    def take(self, data: bytes, captured_ns: int = 0) -> None:
        """Publish a picture. ``captured_ns``: when, on the sender's clock; 0: not known.

        Raises:
            BadPicture: not a JPEG, without a size, or cut off.
            PictureTooLarge: more bytes or pixels than are taken.
            ArenaExhausted: no room for a ring of such pictures.
        """
        if len(data) > MAX_JPEG_BYTES:
            raise PictureTooLarge(f"A picture may have {MAX_JPEG_BYTES} bytes; this one has {len(data)}.")
        try:
            plan = plan_jpeg(data, LIVE_PIXELS)
        except BadImage as error:
            raise BadPicture(f"The message cannot be used: {error}.") from error
        except ImageTooLarge as error:
            raise PictureTooLarge(f"The picture is too large: {error}.") from error
        if not plan.whole:
            raise BadPicture("The message cannot be used: the JPEG is cut off.")
        arrival_ns = time.monotonic_ns()
        info = FrameInfo(
            width=plan.seen.width,
            height=plan.seen.height,
            format=PixelFormat.JPEG,
            strides=(len(data), 0, 0),
            nbytes=len(data),
            captured_ns=captured_ns,
            arrival_ns=arrival_ns,
            rtp_timestamp=(captured_ns or arrival_ns) * 9 // 100_000,  # 90 kHz
        )
        try:
            self._sink.write([np.frombuffer(data, np.uint8).reshape(1, -1)], info)
        except ArenaFull as error:
            raise ArenaExhausted("There is no room for this stream's pictures; try again later.") from error
        self.taken += 1

    def close(self) -> None:
        """Zero and give back the memory."""
        self._sink.close()


class PcmTrack:
    """Takes s16 mono samples, at most a second at a time; ``taken`` so often. ``rate``: theirs, in Hz.

    The scheduler passes over what is older than a second when it comes to it, so longer pieces would be
    heard in part only.
    """

    def __init__(self, arena: Arena, rate: int, opened: Callable[[Ring], None]) -> None:
        self._sink = PcmSink(arena, PCM_SECONDS, opened)
        self.taken = 0
        self.resample_from(rate)

    def reserve(self) -> None:
        """Have room for the samples, come what may.

        Raises:
            ArenaFull: there is none.
        """
        self._sink.reserve(PCM_ROOM)

    def resample_from(self, rate: int) -> None:
        """Take what comes from now on for samples of this rate, Hz."""
        self._rate = rate
        self._continuity = Continuity(rate)
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._sink.restart()
        resampled = self._rate != SAMPLE_RATE
        self._resampler = soxr.ResampleStream(self._rate, SAMPLE_RATE, 1, "int16") if resampled else None
        self._written = 0

    def take(self, data: bytes, captured_ns: int = 0) -> None:
        """Publish samples. ``captured_ns``: of the first, on the sender's clock; 0: not known.

        Raises:
            BadAudio: no samples, or half a one, or at first something else altogether.
            AudioTooLong: more than a second of them.
            ArenaExhausted: no room for the ring.
        """
        if not self._written and (kind := file_kind(data)):
            raise BadAudio(f"A message must hold raw s16 samples; this one is {kind}.")
        if not data or len(data) % 2:
            raise BadAudio(f"A message holds samples of 2 bytes each; this one has {len(data)} bytes.")
        if len(data) > 2 * self._rate:
            raise AudioTooLong(f"A message may hold a second of sound, {2 * self._rate} bytes.")
        samples, captured_ns = self._placed(np.frombuffer(data, "<i2"), captured_ns)
        if not len(samples):
            return
        delayed = 0.0
        if self._resampler is not None:
            delayed = self._resampler.delay()
            samples = self._resampler.resample_chunk(samples)
        arrival_ns = time.monotonic_ns() - len(samples) * SECOND_NS // SAMPLE_RATE
        if captured_ns:
            captured_ns = max(1, captured_ns - int(delayed * SECOND_NS / SAMPLE_RATE))
        try:
            self._sink.write(samples, captured_ns, arrival_ns, self._written * RTP_PER_SAMPLE)
        except ArenaFull as error:
            raise ArenaExhausted("There is no room for this stream's sound; try again later.") from error
        self._written += len(samples)
        self.taken += 1

    def _placed(self, samples: NDArray[np.int16], captured_ns: int) -> tuple[NDArray[np.int16], int]:
        """The samples, with silence for what is missing before them, and when the first was captured."""
        place = self._continuity.place(captured_ns, len(samples))
        if place.anew:
            self._begin_anew()
        if place.silence:
            samples = np.concatenate([np.zeros(place.silence, np.int16), samples])
        moved = place.skipped - place.silence
        return samples[place.skipped :], captured_ns + moved * SECOND_NS // self._rate

    def close(self) -> None:
        """Zero and give back the memory."""
        self._sink.close()
