"""Picture and sound of a file as WebRTC tracks, in real time and in step.

Importing this module loads aiortc.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import inf

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, VideoFrame

from .file_stream import AUDIO_BLOCK, AUDIO_RATE, FileStream, Piece, whole_block
from .playback import Playback
from .read_ahead import TOO_LATE_S, EndOfSource, ReadAhead

VIDEO_CLOCK = 90_000
VIDEO_AHEAD, AUDIO_AHEAD = 2, 50
BLOCK_S = AUDIO_BLOCK / AUDIO_RATE
# A picture that is later than this gives way to the next one if that is due, too, and ready in this time.
LATE_S = 0.02
CATCH_UP_S = 0.1
# A picture after which nothing comes for so long is sent again: it holds still, and the line is not dead.
HOLD_S = 0.5


class FileTrack(MediaStreamTrack):
    """What both kinds share: they begin together, and a pass is over when it is so for both."""

    def __init__(self, ahead: ReadAhead, playback: Playback, every: Sequence[ReadAhead]) -> None:
        super().__init__()
        self._ahead = ahead
        self._playback = playback
        self._every = every
        self._next: Piece | None = None

    async def _begin(self) -> None:
        if self.readyState != "live":
            raise MediaStreamError
        await self._playback.begin(self, [ahead.begun for ahead in self._every])

    async def _peek(self) -> Piece:
        """The piece that comes next, and stays so until ``_next`` is None again."""
        if self._next is None:
            try:
                self._next = await self._ahead.take()
            except EndOfSource:
                self.stop()
                raise MediaStreamError from None
        return self._next

    def _due_s(self, piece: Piece) -> float:
        return self._playback.pass_begins_s + piece.start_s

    def _late_s(self, piece: Piece) -> float:
        return self._playback.media_s - self._due_s(piece)

    async def _rest(self, sent_s: float, until_s: float) -> bool:
        """This track's pass is over, what it sent lasts until ``sent_s``: wait for the others', or the time.

        Returns whether the next pass has begun.
        """
        number = self._playback.pass_number
        self._playback.ended(self, sent_s)
        if self._playback.pass_number == number:
            await self._playback.until_turn(until_s)
        if self._playback.over:
            self.stop()
            raise MediaStreamError
        if self._playback.pass_number == number:
            return False
        self._next = None
        return True

    def stop(self) -> None:
        """End it, and the reading behind it."""
        super().stop()
        self._ahead.stop()
        self._playback.leave(self)


class PictureTrack(FileTrack):
    """The newest picture that is due; the others are skipped, uncoded, and counted in ``skipped``."""

    kind = "video"

    def __init__(self, ahead: ReadAhead, playback: Playback, every: Sequence[ReadAhead]) -> None:
        super().__init__(ahead, playback, every)
        self._shown: VideoFrame | None = None
        self._shown_s = -HOLD_S
        self._too_late_s = inf if ahead.is_live else TOO_LATE_S
        self.skipped = 0

    async def recv(self) -> VideoFrame:
        """The next picture, when it is due; the last one again where there is none for a while."""
        await self._begin()
        while True:
            piece = await self._peek()
            due_s, hold_s = self._due_s(piece), max(self._shown_s + HOLD_S, self._playback.media_s)
            if piece.frame is not None and (self._shown is None or due_s <= hold_s):
                await self._playback.until(due_s)
                if (newest := await self._newest(piece)) is not None:
                    return self._show(newest.frame, self._due_s(newest))
                continue
            if piece.frame is not None:
                await self._playback.until(hold_s)
            elif await self._rest(max(due_s, self._shown_s), hold_s):
                continue
            if self._shown is not None:
                return self._show(self._shown, hold_s)

    async def _newest(self, piece: Piece) -> Piece | None:
        """Of the pictures that are due the last that is ready soon, or at least not too late; None for none.

        The very first is taken however late it is: who receives it counts the time from there.
        """
        self._next = None
        if self._shown is None:
            return piece
        give_up_s = self._playback.media_s + CATCH_UP_S
        while (late_s := self._late_s(piece)) > LATE_S and self._ahead.can_catch_up:
            if self._playback.media_s >= give_up_s and late_s < self._too_late_s:
                break
            following = await self._peek()
            if following.frame is None or self._late_s(following) < 0:
                break
            piece, self._next = following, None
            self.skipped += 1
        in_time = self._due_s(piece) > self._shown_s and self._late_s(piece) < self._too_late_s
        return piece if in_time else None

    def _show(self, picture: VideoFrame, media_s: float) -> VideoFrame:
        self._shown, self._shown_s = picture, media_s
        picture.pts, picture.time_base = round(media_s * VIDEO_CLOCK), Fraction(1, VIDEO_CLOCK)
        return picture


class SoundTrack(FileTrack):
    """Every block of the file's sound, and silence where there is none; late blocks go out at once."""

    kind = "audio"

    def __init__(self, ahead: ReadAhead, playback: Playback, every: Sequence[ReadAhead]) -> None:
        super().__init__(ahead, playback, every)
        self._blocks = 0

    async def recv(self) -> AudioFrame:
        """The next 20 ms, when they are due."""
        await self._begin()
        position_s = self._blocks * BLOCK_S
        while (piece := await self._peek()).frame is None:
            if not await self._rest(max(self._due_s(piece), position_s), position_s):
                return await self._play(whole_block(), position_s)
        if self._due_s(piece) - position_s >= BLOCK_S / 2:
            return await self._play(whole_block(), position_s)
        self._next = None
        return await self._play(piece.frame, position_s)

    async def _play(self, block: AudioFrame, position_s: float) -> AudioFrame:
        await self._playback.until(position_s)
        block.pts, block.time_base = self._blocks * AUDIO_BLOCK, Fraction(1, AUDIO_RATE)
        self._blocks += 1
        return block


def tracks_of(
    video: FileStream | None, audio: FileStream | None, playback: Playback
) -> tuple[PictureTrack | None, SoundTrack | None]:
    """The tracks that play these streams together."""
    pictures = ReadAhead(video, playback, VIDEO_AHEAD) if video is not None else None
    sounds = ReadAhead(audio, playback, AUDIO_AHEAD) if audio is not None else None
    every = [ahead for ahead in (pictures, sounds) if ahead is not None]
    return (
        PictureTrack(pictures, playback, every) if pictures is not None else None,
        SoundTrack(sounds, playback, every) if sounds is not None else None,
    )
