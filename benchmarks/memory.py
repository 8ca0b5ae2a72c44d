"""What the daemon holds of the machine's memory: started anew, idle, for each session, after a slow task.

The real daemon on a new state directory, so that batch curves are measured in this very life. *Resident*
counts a shared page in every process that has it, *proportional* shares it out, *private* is what the end of
the process would free.
"""

import asyncio
import base64
import contextlib
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import aiohttp
import cv2
import msgspec
import numpy as np
import psutil

from argusd.interviewer_bridge.publish.media import Source
from argusd.interviewer_bridge.publish.publisher import Publisher
from argusd.scheduler.contract.media import SAMPLE_RATE
from argusd.scheduler.contract.roles import FACE_DETECTOR, FACE_MESH, OBJECT_DETECTOR
from argusd.scheduler.zoo.store import ZooStore

from .harness import Metric, Result, machine
from .peers.clips import opus_clip
from .peers.portrait import CLIP_SECONDS, FPS, MANY, portrait_clip
from .peers.publisher import PacketTrack
from .rigs.daemon import observations, ready, running_daemon
from .soak import MIB, jpeg, name_of

Served = dict[str, int]  # of each session, what it was answered
Opened = Callable[[str], AbstractAsyncContextManager[None]]

IDLE_S = 15.0  # longer than any part of the daemon keeps what it does not use in this benchmark
FEW, MORE = 2, 6  # sessions: the first ones take what all share
WATCHED_S = 8.0
PICTURES_PER_S, PIECES_PER_S = 5, 10
PIECE = bytes(2 * SAMPLE_RATE // PIECES_PER_S)
WORD = "memory"
RATES = {FACE_DETECTOR: 1.0, FACE_MESH: 3.0, OBJECT_DETECTOR: 0.2}  # of WebRTC sessions
TARGETS = {"idle: resident": 700, "session by websocket: resident": 4}  # MiB


class Held(NamedTuple):
    """MiB of a process, or of several."""

    resident: float
    proportional: float
    private: float


class Daemon(NamedTuple):
    """A running daemon, and what its processes held at each stage so far."""

    url: str
    process: psutil.Process
    stages: dict[str, dict[str, Held]]

    def look(self, stage: str) -> None:
        """See what every process holds now."""
        self.stages[stage] = held(self.process)


def main(quick: bool) -> Result:
    """One life of a daemon; a quick one has no WebRTC sessions."""
    return asyncio.run(measure(quick))


async def measure(quick: bool) -> Result:
    """One stage after the other; what memory was held for was done."""
    store = ZooStore(Path.home() / ".cache" / "argusd")
    clip, picture = portrait_clip(store), jpeg(store)
    served: Served = {}
    async with running_daemon(API__OVERCOMMIT="true", SCHEDULER__IDLE_S="5") as (url, process):
        daemon = Daemon(url, psutil.Process(process.pid), {})
        await ready(url, "live,bulk")
        daemon.look("started")
        await rest(daemon, "idle")
        served |= await with_sessions(daemon, "websocket", partial(websocket_session, url, picture))
        if not quick:
            served |= await with_sessions(daemon, "webrtc", partial(webrtc_session, url, clip))
        await rest(daemon, "idle after sessions")
        pages = [await reading(url), await reading(url)]
        daemon.look("slow task")
        await rest(daemon, "idle after slow task")
    return judged(daemon, served, *pages)


async def rest(daemon: Daemon, stage: str) -> None:
    """Nobody asks for anything."""
    await asyncio.sleep(IDLE_S)
    daemon.look(stage)


def held(daemon: psutil.Process) -> dict[str, Held]:
    """What every process holds, by its name; equal names together."""
    found: dict[str, list[Held]] = defaultdict(list)
    for member in (daemon, *daemon.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            info = member.memory_full_info()
            name = name_of(member.cmdline()) or member.name()
            found[name].append(Held(info.rss / MIB, info.pss / MIB, info.uss / MIB))
    return {name: together(parts) for name, parts in found.items()}


def together(parts: Iterable[Held]) -> Held:
    """The sum."""
    return Held(*(sum(column) for column in zip(*parts, strict=True)))


async def with_sessions(daemon: Daemon, kind: str, opened: Opened) -> Served:
    """A few sessions, then more of them; what each was served."""
    async with AsyncExitStack() as stack:
        for count, begin in ((FEW, 0), (MORE, FEW)):
            for number in range(begin, count):
                await stack.enter_async_context(opened(f"{kind}{number}"))
            seen = await observations(daemon.url, WATCHED_S)
            daemon.look(f"{count} by {kind}")
    looks = {f"{kind}{number}": len(seen[f"{kind}{number}"]) for number in range(MORE)}
    assert all(looks.values()), f"a session was not looked at: {looks}"
    return looks


@asynccontextmanager
async def websocket_session(url: str, picture: bytes, session_id: str) -> AsyncIterator[None]:
    """A session whose pictures and sound come over three WebSockets, for the time of the context."""
    media = {
        "face": (picture, PICTURES_PER_S),
        "video": (picture, 1),
        "audio": (PIECE, PIECES_PER_S),
    }
    async with aiohttp.ClientSession(url) as http, AsyncExitStack() as stack:
        tasks = []
        for stream, (message, rate) in media.items():
            socket = await stack.enter_async_context(http.ws_connect(f"/ml/stream/{session_id}/{stream}"))
            tasks += [asyncio.create_task(send(socket, message, rate)), asyncio.create_task(drain(socket))]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def send(socket: aiohttp.ClientWebSocketResponse, message: bytes, rate: float) -> None:
    """The same message so often a second, until cancelled."""
    while True:
        await socket.send_bytes(message)
        await asyncio.sleep(1 / rate)


async def drain(socket: aiohttp.ClientWebSocketResponse) -> None:
    """Read answers, so that the daemon has to keep none."""
    async for _ in socket:
        pass


@asynccontextmanager
async def webrtc_session(url: str, clip: list[bytes], session_id: str) -> AsyncIterator[None]:
    """A session that publishes by WebRTC for the time of the context."""
    async with aiohttp.ClientSession(url) as http:
        body = {"policy": {"rates": RATES}}
        async with http.put(f"/sessions/{session_id}", json=body) as response:
            response.raise_for_status()
    video = PacketTrack("video", clip, repeat=MANY, fps=FPS)
    audio = PacketTrack("audio", opus_clip(50 * CLIP_SECONDS), repeat=MANY)
    async with Publisher(url, session_id, Source(video, audio)):
        yield


async def reading(url: str) -> float:
    """Seconds until a page is read, rightly."""
    page = np.full((160, 480, 3), 255, np.uint8)
    cv2.putText(page, WORD, (60, 100), cv2.FONT_HERSHEY_SIMPLEX, 2.0, (0, 0, 0), 4)
    image = base64.b64encode(cv2.imencode(".png", page)[1].tobytes()).decode()
    began = time.monotonic()
    async with aiohttp.ClientSession(url) as http:
        body = {"session_id": "page", "image_b64": image, "language": "en"}
        async with http.post("/doc/ocr", json=body) as response:
            answer = await response.json()
    assert answer["success"], answer
    assert WORD in answer["result"]["text"].lower(), answer
    return time.monotonic() - began


def judged(daemon: Daemon, served: Mapping[str, int], first_s: float, second_s: float) -> Result:
    """The figures, and those that are above what they may be."""
    metrics = {}
    for stage, processes in daemon.stages.items():
        total = together(processes.values())
        each = ", ".join(f"{name} {held.resident:.0f}" for name, held in processes.items())
        metrics[f"{stage}: resident"] = Metric(total.resident, "MiB", f"of all processes: {each}")
        metrics[f"{stage}: proportional"] = Metric(total.proportional, "MiB", "the same, what is shared once")
        metrics[f"{stage}: private"] = Metric(total.private, "MiB", "the same, without what is shared")
    for kind in ("websocket", "webrtc"):
        if f"{MORE} by {kind}" in daemon.stages:
            metrics |= shares(daemon, kind)
    metrics["first page"] = Metric(first_s, "s", "until it was read, with nothing loaded for it")
    metrics["second page"] = Metric(second_s, "s", "the same right after it")
    for name, most in TARGETS.items():
        metrics[name] = msgspec.structs.replace(metrics[name], target=f"<= {most:g}")
    above = [name for name, most in TARGETS.items() if metrics[name].value > most]
    failures = [f"{name} is {metrics[name].value:.4g}, more than {TARGETS[name]:g}" for name in above]
    return Result("memory", machine(), sum(served.values()), metrics, failures=failures)


def shares(daemon: Daemon, kind: str) -> dict[str, Metric]:
    """What each of the later sessions took."""
    few, more = (together(daemon.stages[f"{count} by {kind}"].values()) for count in (FEW, MORE))
    each = Held(*((after - before) / (MORE - FEW) for before, after in zip(few, more, strict=True)))
    return {
        f"session by {kind}: resident": Metric(each.resident, "MiB", "of each further session"),
        f"session by {kind}: proportional": Metric(each.proportional, "MiB", "the same, what is shared once"),
    }
