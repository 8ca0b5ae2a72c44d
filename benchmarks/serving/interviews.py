"""Live sessions by WebSocket: pictures to face and video, sound to audio, and how old each answer is.

Everything is sent when it is due, whatever was answered so far. An answer's age counts from when what it is
about was due to be sent; a frame with several answers (the daemon's models look at it one by one) is as old
as its last one.
"""

import asyncio
import bisect
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import aiohttp
import msgspec

from ..harness import NEVER, percentile
from ..rigs.every_look import EVERY_LOOK_JSON
from .material import WINDOW
from .server import Memory, Server

WINDOW_S = WINDOW / 16_000
RATES = {"face": 5.0, "video": 1.0, "audio": 1 / WINDOW_S}
PHASES = {"face": 0.0, "video": 0.37, "audio": 0.71}  # of a period; cameras are not in step
GOLDEN = 0.6180339887
BEGIN_IN_S = 0.5
LAST_ANSWERS_S = 1.0  # that is waited for answers to what was due; more is sent meanwhile
STAMPS_APART_S = 0.002
THIRDS = 3
POLICY: dict[str, Any] = {
    "rates": {"face_detector": 5, "face_mesh": 5, "object_detector": 1, "speaker_embedder": 0},
    "gates": EVERY_LOOK_JSON,
}
"""What the daemon is asked for: as many looks as frames come, of what the plain design does as well."""


class StreamFigures(NamedTuple):
    """One stream of all sessions. ``first_p50_ms``: by first answers; ``looks``: the part that was answered.

    ``trend``: the 95th percentile of the age in the last third of the run over that in the first. ``uneven``:
    answers to the best served session over those to the worst. ``NEVER``: nothing was answered.
    """

    first_p50_ms: float
    p50_ms: float
    p95_ms: float
    looks: float
    trend: float
    uneven: float


class Figures(NamedTuple):
    """What ``sessions`` got and cost."""

    sessions: int
    streams: dict[str, StreamFigures]
    cores: float
    client_cores: float
    memory: Memory
    served: int
    wrong: int

    @property
    def p95_ms(self) -> float:
        """Of the worst stream."""
        return max(stream.p95_ms for stream in self.streams.values())

    @property
    def looks(self) -> float:
        """Of the worst stream."""
        return min(stream.looks for stream in self.streams.values())

    @property
    def cpu_ms_per_session_s(self) -> float:
        """CPU of all the server's processes."""
        return 1e3 * self.cores / self.sessions


class Stream:
    """One stream of one session.

    ``dues``: when each message was due. ``first``: when its first answer came, ``answered``: its last one.
    ``wrong``: answers that do not say what was shown.
    """

    def __init__(
        self, session_id: str, number: int, domain: str, messages: Sequence[bytes], stamps: bool
    ) -> None:
        self.session_id = session_id
        self.domain = domain
        self.dues: list[float] = []
        self.first: dict[int, float] = {}
        self.answered: dict[int, float] = {}
        self.wrong = 0
        self._sent: list[float] = []
        self._messages = messages
        self._number = number
        self._stamps = stamps

    async def run(self, http: aiohttp.ClientSession, begin: float, end: float) -> None:
        """Send and receive until then."""
        path = f"/ml/stream/{self.session_id}/{self.domain}"
        async with http.ws_connect(
            path, max_msg_size=0, compress=0, timeout=aiohttp.ClientWSTimeout(ws_close=1.0)
        ) as socket:
            sender = asyncio.create_task(self._send(socket, begin, end))
            receiver = asyncio.create_task(self._receive(socket))
            await asyncio.wait([receiver], timeout=end - time.monotonic())
            ended = receiver.done()
            for task in (sender, receiver):
                task.cancel()
            await asyncio.gather(sender, receiver, return_exceptions=True)
            assert not ended, f"{path} was closed by the server"

    async def _send(self, socket: aiohttp.ClientWebSocketResponse, begin: float, end: float) -> None:
        period = 1 / RATES[self.domain]
        due = begin + (self._number * GOLDEN + PHASES[self.domain]) % 1 * period
        while due < end:
            await asyncio.sleep(due - time.monotonic())
            self.dues.append(due)
            self._sent.append(time.monotonic())
            await socket.send_bytes(self._messages[len(self._sent) % len(self._messages)])
            due += period

    async def _receive(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            answer = msgspec.json.decode(message.data)
            assert "error" not in answer, answer
            number = self._about(answer)
            self.wrong += not usable(self.domain, answer)
            if number >= 0:
                self.answered[number] = time.monotonic()
                self.first.setdefault(number, self.answered[number])

    def _about(self, answer: Mapping[str, Any]) -> int:
        """Which message it is about; without a stamp simply the next one."""
        if not self._stamps:
            return len(self.answered)
        arrived = answer["captured_at"] - (time.time() - time.monotonic())
        if self.domain != "audio":
            return bisect.bisect_right(self._sent, arrived + STAMPS_APART_S) - 1
        # A window is stamped with when its first sample was heard, by the newest message's clock. It is one
        # message, and no message is two windows.
        number = bisect.bisect_right(self._sent, arrived + 1.5 * WINDOW_S) - 1
        while number in self.answered and number < len(self._sent) - 1:
            number += 1
        return number


def usable(domain: str, answer: Mapping[str, Any]) -> bool:
    """Whether it says what was shown."""
    if domain == "face":
        return bool(answer["face_count"] == 1)
    if domain == "video":
        return any(thing["label"] == "person" for thing in answer["objects"])
    return bool(0 <= answer["speech"] <= 1)


async def interviews(
    server: Server,
    sessions: int,
    seconds: float,
    warm_up_s: float,
    messages: Mapping[str, Sequence[bytes]],
    ours: bool,
    run: str,
) -> Figures:
    """So many sessions, watched for ``seconds`` after ``warm_up_s``."""
    async with aiohttp.ClientSession(server.url, connector=aiohttp.TCPConnector(limit=0)) as http:
        names = [f"{run}-{number}" for number in range(sessions)]
        if ours:
            for name in names:
                async with http.put(f"/sessions/{name}", json={"policy": POLICY}) as response:
                    response.raise_for_status()
        streams = [
            Stream(name, number, domain, messages[domain], stamps=ours)
            for number, name in enumerate(names)
            for domain in RATES
        ]
        begin = time.monotonic() + BEGIN_IN_S
        watched, end = begin + warm_up_s, begin + warm_up_s + seconds
        async with asyncio.TaskGroup() as group:
            for stream in streams:
                group.create_task(stream.run(http, begin, end + LAST_ANSWERS_S))
            await asyncio.sleep(watched - time.monotonic())
            cpu, own = server.cpu_seconds(), time.process_time()
            await asyncio.sleep(end - time.monotonic())
            cores = (server.cpu_seconds() - cpu) / seconds
            client = (time.process_time() - own) / seconds
            memory = server.memory()
        if ours:
            for name in names:
                async with http.delete(f"/sessions/{name}") as response:
                    response.raise_for_status()
    return Figures(
        sessions,
        {domain: figures([s for s in streams if s.domain == domain], watched, end) for domain in RATES},
        cores,
        client,
        memory,
        sum(len(stream.answered) for stream in streams),
        sum(stream.wrong for stream in streams),
    )


def figures(streams: Sequence[Stream], begin: float, end: float) -> StreamFigures:
    """Ages of what was answered while it was watched; looks of what was due meanwhile."""
    due = [(stream, n) for stream in streams for n, at in enumerate(stream.dues) if begin <= at < end]
    ages = [
        [(at, at - stream.dues[n]) for n, at in stream.answered.items() if begin <= at < end]
        for stream in streams
    ]
    firsts = [
        at - stream.dues[n] for stream in streams for n, at in stream.first.items() if begin <= at < end
    ]
    looks = sum(number in stream.answered for stream, number in due) / len(due)
    return summary(ages, firsts, looks, begin, end)


def summary(
    ages: Sequence[Sequence[tuple[float, float]]],
    firsts: Sequence[float],
    looks: float,
    begin: float,
    end: float,
) -> StreamFigures:
    """Of every session's answers, (when, age) each; ``firsts``: the ages of first answers."""
    third = (end - begin) / THIRDS
    everything = [age for each in ages for _, age in each]
    first = [age for each in ages for at, age in each if at < begin + third]
    last = [age for each in ages for at, age in each if at >= end - third]
    counts = [len(each) for each in ages]
    return StreamFigures(
        1e3 * percentile(firsts, 50) if firsts else NEVER,
        1e3 * percentile(everything, 50) if everything else NEVER,
        1e3 * percentile(everything, 95) if everything else NEVER,
        looks,
        percentile(last, 95) / percentile(first, 95) if first and last else NEVER,
        max(counts) / min(counts) if min(counts) else NEVER,
    )
