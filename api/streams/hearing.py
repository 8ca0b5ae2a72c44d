"""Sound of one WebSocket, as it comes: raw samples, or a container that is decoded here.

The first message says which. Raw samples are the contract; containers are what browsers' MediaRecorder makes.
"""

from collections.abc import Callable

from argusd.kernels.file_kinds import file_kind
from argusd.scheduler.contract.errors import ServiceError
from argusd.scheduler.contract.media import SAMPLE_RATE
from argusd.scheduler.tasks.sound.containers import COMING

from .decoder import Decoder
from .media import PcmTrack


class Hearing:
    """Where a stream's binary messages of sound go. ``failed`` is told why no more can be heard."""

    def __init__(self, track: PcmTrack, failed: Callable[[ServiceError], None]) -> None:
        self._track = track
        self._failed = failed
        self._decoder: Decoder | None = None
        self._raw = False

    async def take(self, message: bytes) -> None:
        """Publish what a message holds, at once or soon; waits where a container comes faster than its sound.

        Raises:
            ServiceError: it cannot be used.
        """
        if self._decoder is not None:
            await self._decoder.feed(message)
        elif not self._raw and file_kind(message) in COMING:
            self._track.resample_from(SAMPLE_RATE)
            self._decoder = Decoder(self._track.take, self._failed)
            await self._decoder.start()
            await self._decoder.feed(message)
        else:
            self._track.take(message)
            self._raw = True

    async def close(self) -> None:
        """Decode no more."""
        if self._decoder is not None:
            await self._decoder.close()
