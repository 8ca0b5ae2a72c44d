"""A WHIP publisher (RFC 9725): sends a source's tracks to the daemon over real WebRTC.

Importing this module loads aiortc; the rest of this folder does without.

    async with Publisher(url, "interview-7", open_file("answer.mp4"), token=token) as publisher:
        await publisher.finished()
"""

import asyncio
import logging
import time
from types import TracebackType
from typing import Self

from ..errors import PublishRefused
from .connection import Connection
from .media import Source
from .whip import Answer, Resource, delete, send_offer

log = logging.getLogger(__name__)

# The last packets of a track that ended are still on their way through the daemon's jitter buffer.
LINGER_SECONDS = 0.5


class Publisher:
    """Sends a source; entering the context publishes, leaving it ends the session's media.

    A daemon that says "not now" (503 or 429 with ``Retry-After``) is asked again for ``patience_s`` seconds.
    ``events_after``: the position (as for ``subscribe``) behind which this publication's events lie.
    ``connection`` is what its media go over now.
    """

    def __init__(
        self,
        url: str,
        session_id: str,
        source: Source,
        *,
        token: str | None = None,
        patience_s: float = 30.0,
    ) -> None:
        self._url = url
        self._session_id = session_id
        self._token = token
        self._source = source
        self._patience_s = patience_s
        self.connection = Connection(source.tracks)
        self._over = self.connection.over
        self._playing = len(source.tracks)
        self._resource: Resource | None = None
        self.events_after = ""
        for track in source.tracks:
            track.on("ended", self._track_ended)

    async def __aenter__(self) -> Self:
        try:
            await self._publish()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def finished(self) -> None:
        """Wait until every track has come to its end and has been sent, or the connection is lost."""
        await self._over.wait()
        await asyncio.sleep(LINGER_SECONDS)

    async def close(self) -> None:
        """Delete the WHIP resource and end the peer connection; never fails."""
        if self._resource is not None:
            resource, self._resource = self._resource, None
            await delete(resource)
        for track in self._source.tracks:
            track.stop()
        await self.connection.close()

    async def _publish(self) -> None:
        """Offer, take the answer, and wait for the media path.

        Raises:
            PublishRefused: the daemon says no.
            Unreachable: nobody answers at its address.
            ConnectionNotMade: ICE or DTLS did not come up in time.
        """
        answer = await self._exchange_patiently(await self.connection.offer())
        self._resource, self.events_after = answer.resource, answer.events_after
        await self.connection.accept(answer.sdp)

    async def _exchange_patiently(self, offer: str) -> Answer:
        deadline = time.monotonic() + self._patience_s
        while True:
            try:
                return await send_offer(self._url, self._session_id, offer, self._token)
            except PublishRefused as refusal:
                wait_s = refusal.retry_after_s
                if refusal.status not in (429, 503) or wait_s is None or time.monotonic() + wait_s > deadline:
                    raise
                log.warning("%s Asking again in %.0f s.", refusal, wait_s)
            await asyncio.sleep(wait_s)

    def _track_ended(self) -> None:
        self._playing -= 1
        if self._playing == 0:
            self._over.set()
