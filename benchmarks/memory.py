"""What the daemon holds of the machine's memory: started anew, idle, for each session, after a slow task.

The real daemon on a new state directory, so that batch curves are measured in this very life. *Resident*
counts a shared page in every process that has it, *proportional* shares it out, *private* is what the end of
the process would free.
"""

import asyncio
import base64
import contextlib
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import aiohttp
import cv2
import msgspec
import numpy as np
import psutil

from argusd.scheduler.zoo.store import ZooStore

from .harness import Metric, Result, machine
from .peers.crowd import Crowd, WebRTCCrowd, WebSocketCrowd
from .peers.portrait import portrait_clip
from .report.shares import Held, shares
from .rigs.cache import CACHE
from .rigs.daemon import observations, ready, running_daemon
from .soak import MIB, jpeg, name_of

Served = dict[str, int]  # of each session, what it was answered

IDLE_S = 15.0  # longer than any part of the daemon keeps what it does not use in this benchmark
COUNTS = {"websocket": (2, 6, 12, 20), "webrtc": (2, 4, 6, 8)}  # of sessions
WATCHED_S = 8.0
WARM_S, CALLERS = 4.0, 8
WORD = "memory"
TARGETS = {"idle: resident": 700, "session by websocket: resident": 4}  # MiB


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
    store = ZooStore(CACHE)
    clip, picture = portrait_clip(store), jpeg(store)
    served: Served = {}
    async with running_daemon(API__OVERCOMMIT="true", SCHEDULER__IDLE_S="5") as (url, server):
        daemon = Daemon(url, psutil.Process(server.pid), {})
        await ready(url, "live,bulk")
        daemon.look("started")
        await rest(daemon, "idle")
        served |= await with_sessions(daemon, "websocket", picture, WebSocketCrowd(url, picture))
        if not quick:
            served |= await with_sessions(daemon, "webrtc", picture, WebRTCCrowd(url, clip))
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


async def with_sessions(daemon: Daemon, kind: str, picture: bytes, crowd: Crowd) -> Served:
    """More and more sessions, then each of them at full rates; how often each was looked at.

    Tasks come first, so that what batches take is there before any session is.
    """
    looks: Counter[str] = Counter()
    await warm(daemon.url, picture)
    async with crowd:
        for count in COUNTS[kind]:
            await crowd.grow(count)
            await watch(daemon, f"{count} by {kind}", looks)
        await crowd.hurry()
        await watch(daemon, f"full rates by {kind}", looks)
    assert len(looks) == max(COUNTS[kind]), f"a session was not looked at: {looks}"
    return looks


async def warm(url: str, picture: bytes) -> None:
    """Have batches of every thread at work for a while."""
    image = base64.b64encode(picture).decode()
    scan = {"frame_b64": image, "scan_id": "warm"}
    bodies = [("face_embed", {"image_b64": image}), ("video_room_scan", scan)]
    over = time.monotonic() + WARM_S

    async def call(http: aiohttp.ClientSession, task_type: str, payload: dict[str, str]) -> None:
        while time.monotonic() < over:
            body = {"session_id": "warm", "task_type": task_type, "payload": payload}
            async with http.post("/ml/infer", json=body) as response:
                response.raise_for_status()

    async with aiohttp.ClientSession(url) as http:
        await asyncio.gather(*(call(http, *body) for body in bodies for _ in range(CALLERS)))


async def watch(daemon: Daemon, stage: str, looks: Counter[str]) -> None:
    """Count looks for a while, then see what is held."""
    for session_id, seen in (await observations(daemon.url, WATCHED_S)).items():
        looks[session_id] += len(seen)
    daemon.look(stage)


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
    for kind in COUNTS:
        if (full := daemon.stages.get(f"full rates by {kind}")) is not None:
            steps = {count: daemon.stages[f"{count} by {kind}"] for count in COUNTS[kind]}
            metrics |= shares(kind, daemon.stages["idle"], steps, full)
    metrics["first page"] = Metric(first_s, "s", "until it was read, with nothing loaded for it")
    metrics["second page"] = Metric(second_s, "s", "the same right after it")
    for name, most in TARGETS.items():
        metrics[name] = msgspec.structs.replace(metrics[name], target=f"<= {most:g}")
    above = [name for name, most in TARGETS.items() if metrics[name].value > most]
    failures = [f"{name} is {metrics[name].value:.4g}, more than {TARGETS[name]:g}" for name in above]
    return Result("memory", machine(), sum(served.values()), metrics, failures=failures)
