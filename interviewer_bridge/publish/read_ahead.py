"""A file's stream, read ahead in a thread, and hurried where it is late."""

import asyncio
import logging

from av.error import FFmpegError

from ..errors import SourceUnreadable
from .file_stream import FileStream, Hurry, Piece
from .playback import Playback

log = logging.getLogger(__name__)

# Later than this, what nothing refers to is not decoded.
LEAVE_OUT_S = 0.1
# Out of step with the sound: such a picture is not sent, and where decoding is too slow, all up to the next
# keyframe is left out.
TOO_LATE_S = 0.5
MEMORY, STEP_S = 0.9, 0.1
CATCHES_UP = 0.5  # this fast, a second is made up for in a second


class EndOfSource(Exception):
    """Nothing more can be read."""


class Pace:
    """How long reading takes, of late, beside what is read lasts."""

    def __init__(self) -> None:
        self._took_s = 0.0
        self._lasts_s = 0.0

    @property
    def is_too_slow(self) -> bool:
        """Whether what is late stays late, or nearly so."""
        return self._took_s > CATCHES_UP * self._lasts_s

    def note(self, took_s: float, lasts_s: float) -> None:
        """Something was read. A leap over what is left out tells no more than one step."""
        self._took_s = MEMORY * self._took_s + took_s
        self._lasts_s = MEMORY * self._lasts_s + min(max(lasts_s, 0.0), STEP_S)


class ReadAhead:
    """Reads a stream in a thread, at most ``depth`` pieces ahead; then the reading waits."""

    def __init__(self, stream: FileStream, playback: Playback, depth: int) -> None:
        self._stream = stream
        self._playback = playback
        self._pieces: asyncio.Queue[Piece | None] = asyncio.Queue(depth)
        self._reading: asyncio.Task[None] | None = None
        self._begun = asyncio.Event()
        self._pace = Pace()

    async def begun(self) -> None:
        """Read, and wait until there is something, be it the end."""
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())
        await self._begun.wait()

    @property
    def is_live(self) -> bool:
        """Whether the stream is made while it is read: then it cannot be hurried."""
        return self._stream.is_live

    @property
    def can_catch_up(self) -> bool:
        """Whether what comes next is here, or can be read faster than it plays."""
        return not self.is_live or not self._pieces.empty()

    async def take(self) -> Piece:
        """The next piece.

        Raises:
            EndOfSource: the file cannot be read any further.
        """
        piece = await self._pieces.get()
        if piece is None:
            raise EndOfSource
        return piece

    async def _read(self) -> None:
        try:
            while True:
                began_s, from_s = self._playback.media_s, self._stream.end_s
                piece = await asyncio.to_thread(self._stream.read, self._hurry())
                self._begun.set()
                self._pace.note(self._playback.media_s - began_s, self._stream.end_s - from_s)
                await self._pieces.put(piece)
        except (FFmpegError, OSError, SourceUnreadable) as error:
            log.warning("the source cannot be read any further: %s", error)
            await self._pieces.put(None)
            self._begun.set()

    def _hurry(self) -> Hurry:
        position_s = self._playback.position_s(self._stream.passes)
        late_s = position_s - self._stream.end_s
        too_late = late_s > TOO_LATE_S and self._pace.is_too_slow
        return Hurry(late_s > LEAVE_OUT_S, position_s if too_late else 0.0)

    def stop(self) -> None:
        """Read no more. The file is closed when the thread has let go of it."""
        self._begun.set()
        if self._reading is not None:
            self._reading.cancel()
