"""The control connection to the recorder."""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from argusd.ingest.errors import ChannelClosed
from argusd.ingest.ipc.channel import Channel, keep_connected
from argusd.scheduler.contract.evidence.messages import (
    FromRecorder,
    RecorderStats,
    SessionsListed,
    ToRecorder,
)
from argusd.scheduler.recorder.config import SOCKET

log = logging.getLogger(__name__)

FRESH_S = 5.0


class RecorderLink:
    """The recorder as the api sees it. ``heard`` takes what it tells of captures and how it stands.

    ``facts``: all that it is to know on every connection; what cannot be sent now is among them then.
    """

    def __init__(
        self,
        runtime_dir: Path,
        facts: Callable[[], Iterable[ToRecorder]],
        heard: Callable[[FromRecorder], None],
    ) -> None:
        self.stats: RecorderStats | None = None
        self._path = runtime_dir / SOCKET
        self._facts = facts
        self._heard = heard
        self._channel: Channel[FromRecorder] | None = None
        self._fresh_until = 0.0

    @property
    def healthy(self) -> bool:
        """Connected, and heard of within the last seconds."""
        return self.stats is not None and time.monotonic() < self._fresh_until

    @property
    def connected(self) -> bool:
        """Whether messages can be sent now."""
        return self._channel is not None

    @property
    def away(self) -> bool:
        """Neither connected nor heard of within the last seconds: what it was making is made no more."""
        return not self.connected and time.monotonic() >= self._fresh_until

    async def run(self) -> None:
        """Stay connected, until cancelled."""
        await keep_connected(self._path, self._session)

    def send(self, message: ToRecorder) -> None:
        """Tell the recorder, if it is there."""
        if self._channel is not None:
            with contextlib.suppress(ChannelClosed):
                self._channel.send(message)

    async def _session(self, sock: socket.socket) -> None:
        channel = Channel[FromRecorder](sock, FromRecorder, self._received)
        try:
            for fact in self._facts():
                channel.send(fact)
            channel.send(SessionsListed())
            self._channel = channel
            await asyncio.wait([channel.closed])
        except ChannelClosed:
            log.info("the recorder hung up at once")
        finally:
            channel.close()
            self._channel = self.stats = None

    def _received(self, message: FromRecorder) -> None:
        if isinstance(message, RecorderStats):
            self.stats, self._fresh_until = message, time.monotonic() + FRESH_S
        self._heard(message)
