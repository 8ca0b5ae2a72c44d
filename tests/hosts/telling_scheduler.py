"""A scheduler's process without models: it says of every session that nobody is there, and then counts."""

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from argusd.scheduler.config import SchedulerConfig
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import SessionEnded, SessionPolicy, ToScheduler

from ..api.fakes import FakeScheduler

TELL_EVERY_S = 0.25
FITS_MORE = 1000


class TellingScheduler(FakeScheduler):
    """``number`` in an observation's data counts those of its session in this life, from 0."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, secrets.token_hex(4))
        self._telling: dict[MediaKey, asyncio.Task[None]] = {}

    def tell_stats(self, **changes: Any) -> None:
        self.fits_more = FITS_MORE - len(self._telling)
        super().tell_stats(**changes)

    def _received(self, message: ToScheduler) -> None:
        if isinstance(message, SessionPolicy) and message.media not in self._telling:
            self._telling[message.media] = asyncio.create_task(self._tell(message.media.session_id))
        elif isinstance(message, SessionEnded) and (telling := self._telling.pop(message.media, None)):
            telling.cancel()
            self.find(message.media.session_id, type="violation", name="face_absent", state="end")
        super()._received(message)

    async def _tell(self, session_id: str) -> None:
        self.find(session_id, type="violation", name="face_absent", state="start")
        for number in count():
            self.find(session_id, data={"number": number})
            await asyncio.sleep(TELL_EVERY_S)


async def run_scheduler(
    config: SchedulerConfig,
    stop: asyncio.Event,
    on_ready: Callable[[], None],
    on_pass: Callable[[], None] = lambda: None,
) -> None:
    """Serve until ``stop`` is set."""
    scheduler = TellingScheduler(config.socket_path)
    on_ready()
    while not stop.is_set():
        on_pass()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 0.5)
    scheduler.die()
