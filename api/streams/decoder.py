"""Encoded sound of one WebSocket to samples, by a process of its own (``tasks/sound/incoming.py``)."""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Callable

from argusd.scheduler.contract.errors import BadAudio, Overloaded, ServiceError
from argusd.scheduler.contract.media import SAMPLE_RATE
from argusd.scheduler.tasks.sound.containers import LENGTH, REFUSED

CHUNK = SAMPLE_RATE // 10 * 2  # bytes, 100 ms
AHEAD_S = (
    1.0  # that samples may be of the clock; what comes faster waits in pipes of 64 KiB, then at the sender
)
MOST = 16  # at a time: each has some 45 MB
MODULE = "argusd.scheduler.tasks.sound.incoming"
LONGEST_SENTENCE = 1000


class Decoder:
    """One at work. ``take`` gets pieces of samples; ``failed`` why there will be no more."""

    at_work = 0

    def __init__(self, take: Callable[[bytes], None], failed: Callable[[ServiceError], None]) -> None:
        self._take = take
        self._failed = failed
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the process.

        Raises:
            Overloaded: there are as many as there may be.
        """
        if Decoder.at_work >= MOST:
            raise Overloaded("As much sound is decoded as may be; send raw samples, or try again later.")
        Decoder.at_work += 1
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", MODULE),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
                start_new_session=True,  # Ctrl-C on the terminal is for us
            )
        finally:
            if self._process is None:
                Decoder.at_work -= 1
        self._reader = asyncio.create_task(self._read(self._process), name="encoded sound")

    async def feed(self, message: bytes) -> None:
        """Hand a message on; waits while the process has enough to do."""
        assert self._process is not None
        stdin = self._process.stdin
        assert stdin is not None
        with contextlib.suppress(ConnectionError):  # it has ended, and says why elsewhere
            stdin.write(len(message).to_bytes(LENGTH, "big") + message)
            await stdin.drain()

    async def close(self) -> None:
        """End the process."""
        if self._process is None:
            return
        process, self._process = self._process, None
        Decoder.at_work -= 1
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.wait([self._reader])
        await process.communicate()

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        due, half = 0.0, b""
        while data := await process.stdout.read(CHUNK):
            whole = (len(half) + len(data)) // 2 * 2
            samples, half = (half + data)[:whole], (half + data)[whole:]
            now = time.monotonic()
            due = max(due, now) + len(samples) / 2 / SAMPLE_RATE
            try:
                self._take(samples)
            except ServiceError as error:
                self._failed(error)
                return
            await asyncio.sleep(due - now - AHEAD_S)
        sentence = (await process.stderr.read(LONGEST_SENTENCE)).decode(errors="replace")
        ours = await process.wait() == REFUSED and sentence
        self._failed(BadAudio(sentence if ours else "The sound cannot be decoded."))
