"""The ingest benchmark's hold on the processes it watches."""

import asyncio
import json
import socket
import sys
import time
from asyncio.subprocess import PIPE, Process
from math import inf
from pathlib import Path
from typing import Self

from argusd.ingest.config import IngestConfig
from argusd.ingest.ipc.channel import Channel
from argusd.ingest.ipc.messages import (
    ArenaOffer,
    Hello,
    OpenSession,
    SessionAnswer,
    ToController,
    ToReader,
    TrackOpened,
    TracksWanted,
)
from argusd.ingest.shm.arena import HEAD, ArenaView
from argusd.ingest.shm.ring import FrameReader

from ..peers.clips import FPS

RTP_CLOCK = 90_000
# Linux: the clock of all CPU time of a process (CPUCLOCK_SCHED in clock_getcpuclockid(3)).
CPU_CLOCK = 2


class Peer:
    """A child process that speaks JSON lines."""

    def __init__(self, process: Process) -> None:
        self._process = process
        assert process.stdin is not None
        assert process.stdout is not None
        self._stdin, self._stdout = process.stdin, process.stdout

    @classmethod
    async def spawn(cls, *arguments: str) -> Self:
        """Start ``argusd.benchmarks.peers.ingest`` in a role."""
        command = (sys.executable, "-m", "argusd.benchmarks.peers.ingest", *arguments)
        return cls(await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, limit=1 << 20))

    async def say(self, value: object) -> None:
        """Write a line to it."""
        self._stdin.write(json.dumps(value).encode() + b"\n")
        await self._stdin.drain()

    async def hear(self) -> object:
        """Read a line of it."""
        return json.loads(await asyncio.wait_for(self._stdout.readline(), 60))

    async def end(self) -> None:
        """Close its stdin and wait until it is gone."""
        await asyncio.wait_for(self._process.communicate(), 30)

    def cpu_s(self) -> float:
        """CPU seconds it has used, user and system, all threads."""
        return time.clock_gettime(~self._process.pid << 3 | CPU_CLOCK)


class StockReceiver:
    """aiortc as it comes."""

    async def start(self) -> None:
        """Start the process."""
        self._peer = await Peer.spawn("stock")

    async def answer(self, offer: str) -> str:
        """Let it answer."""
        await self._peer.say(offer)
        return str(await self._peer.hear())

    async def frames(self) -> int:
        """Ask for its count."""
        await self._peer.say("count")
        return int(str(await self._peer.hear()))

    async def media_s(self) -> float:
        """Seconds of video that it had."""
        return await self.frames() / FPS

    def cpu_s(self) -> float:
        """CPU seconds used."""
        return self._peer.cpu_s()

    async def end(self) -> None:
        """End it."""
        await self._peer.end()


class OurReceiver:
    """An ingest worker, with this process as its controller and reader, which looks at so many pictures."""

    def __init__(self, runtime_dir: Path, pictures_hz: float = inf) -> None:
        self._config = IngestConfig(runtime_dir=runtime_dir)
        self._pictures_hz = pictures_hz
        self._frames: FrameReader | None = None
        self._newest_s = 0.0
        self._answers: asyncio.Queue[str] = asyncio.Queue()
        self._row = -1

    async def start(self) -> None:
        """Start the process and connect to it."""
        self._peer = await Peer.spawn("worker", str(self._config.runtime_dir))
        assert await self._peer.hear() == "ready"
        self._controller: Channel[ToController] = Channel(self._connect(), ToController, self._told)
        self._reader: Channel[ToReader] = Channel(self._connect(), ToReader, self._opened)
        self._controller.send(Hello("controller", "benchmark"))
        self._reader.send(Hello("reader", "benchmark"))

    def _connect(self) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(str(self._config.socket_path))
        return sock

    def _told(self, message: ToController) -> None:
        if isinstance(message, SessionAnswer):
            self._answers.put_nowait(message.answer_sdp)

    def _opened(self, message: ToReader) -> None:
        if isinstance(message, ArenaOffer):
            self._view = ArenaView(self._reader.take_fds(2)[0])
        elif isinstance(message, TrackOpened) and message.kind == "video":
            self._row = message.place
            self._frames = FrameReader(self._view, message.place, message.generation)

    async def answer(self, offer: str) -> str:
        """Open a session."""
        self._controller.send(OpenSession(1, "benchmark", offer))
        answer = await asyncio.wait_for(self._answers.get(), 30)
        self._controller.send(TracksWanted("benchmark", ("video", "audio"), self._pictures_hz))
        return answer

    async def frames(self) -> int:
        """Frames in shared memory."""
        return int(self._view.table[self._row, HEAD]) if self._row >= 0 else 0

    async def media_s(self) -> float:
        """Seconds of video until the newest picture in shared memory."""
        if self._frames is not None and (newest := self._frames.newest()) is not None:
            self._newest_s = newest.info.rtp_timestamp / RTP_CLOCK
        return self._newest_s

    def cpu_s(self) -> float:
        """CPU seconds used."""
        return self._peer.cpu_s()

    async def end(self) -> None:
        """End it."""
        self._controller.close()
        self._reader.close()
        await self._peer.end()
