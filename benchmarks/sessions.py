"""Whole sessions: real WebRTC peers into a real daemon, all live models, findings out."""

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
from asyncio.subprocess import Process
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from fractions import Fraction
from pathlib import Path
from socket import create_server

import aiohttp
import av
import cv2
import numpy as np
import psutil
from prometheus_client.parser import text_string_to_metric_families

from argusd.interviewer_bridge.events import subscribe
from argusd.interviewer_bridge.publish.media import Source
from argusd.interviewer_bridge.publish.publisher import Publisher
from argusd.scheduler.contract.events import Event
from argusd.scheduler.contract.roles import FACE_DETECTOR, FACE_MESH, OBJECT_DETECTOR
from argusd.scheduler.contract.streams.interview import FACE
from argusd.scheduler.zoo.store import ZooStore

from .harness import Metric, Result, machine, percentile
from .peers.clips import opus_clip
from .peers.publisher import PacketTrack
from .rigs.every_look import EVERY_LOOK_JSON

SESSIONS = 8
WIDTH, HEIGHT, FPS, CLIP_SECONDS = 640, 480, 15, 4
RATES = {FACE_DETECTOR: 1.0, FACE_MESH: 3.0, OBJECT_DETECTOR: 0.2}
POLICY = {"rates": RATES, "gates": EVERY_LOOK_JSON}
LOOKS_PER_SESSION = sum(RATES.values())
MANY = 1_000_000
READY_WITHIN_S = 300


def main(quick: bool) -> Result:
    """Eight sessions at reduced rates: what is asked for is served, fresh, and to everybody alike."""
    return asyncio.run(measure(seconds=10 if quick else 40))


async def measure(seconds: float) -> Result:
    """Publish, wait until every session has findings, then watch for ``seconds``."""
    clip = portrait_clip(ZooStore(Path.home() / ".cache" / "argusd"))
    async with AsyncExitStack() as stack:
        url, process = await stack.enter_async_context(running_daemon())
        http = await stack.enter_async_context(aiohttp.ClientSession(url))
        for number in range(SESSIONS):
            async with http.put(f"/sessions/s{number}", json={"policy": POLICY}) as response:
                response.raise_for_status()
            tracks = Source(
                PacketTrack("video", clip, repeat=MANY, fps=FPS),
                PacketTrack("audio", opus_clip(50 * CLIP_SECONDS), repeat=MANY),
            )
            await stack.enter_async_context(Publisher(url, f"s{number}", tracks))
        await observations(url, seconds=10)  # models and adaptation settle
        before, cpu = await served(http), cpu_seconds(process)
        seen = await observations(url, seconds)
        after, cpu_after = await served(http), cpu_seconds(process)
    looks = {role: after[role] - before[role] for role in RATES}
    counts = [sum(event.stream == FACE.name for event in seen[f"s{number}"]) for number in range(SESSIONS)]
    assert min(counts) > 0, "a session was not looked at"
    assert all(
        event.data["face_count"] == 1
        for events in seen.values()
        for event in events
        if event.stream == FACE.name
    )
    ages = [event.frame_age_ms for events in seen.values() for event in events]
    return Result(
        name="sessions",
        machine=machine(),
        served=int(sum(looks.values())),
        metrics={
            "sessions": Metric(len(counts), "", "live WebRTC sessions, each with findings", None, "8"),
            "looks_served": Metric(
                sum(looks.values()) / (LOOKS_PER_SESSION * SESSIONS * seconds),
                "x",
                "looks served / asked for",
                1.0,
            ),
            "age_p95_ms": Metric(percentile(ages, 95), "ms", "age of the frame behind an observation, p95"),
            "age_p50_ms": Metric(percentile(ages, 50), "ms", "the same, p50"),
            "evenness": Metric(max(counts) / min(counts), "x", "most / least observed session"),
            "cores": Metric((cpu_after - cpu) / seconds, "", "cores used by the daemon, all processes"),
            "cpu_ms_per_session_s": Metric(
                1000 * (cpu_after - cpu) / seconds / SESSIONS, "ms", "the daemon's CPU per session and second"
            ),
        },
    )


def portrait_clip(store: ZooStore) -> list[bytes]:
    """A face that drifts to and fro: ``CLIP_SECONDS`` of VP8 at ``FPS``, the first frame a keyframe."""
    store.pull(["astronaut"])
    astronaut = cv2.imread(str(store.path("astronaut")))
    assert astronaut is not None
    picture = cv2.resize(astronaut, (HEIGHT, HEIGHT))
    encoder = av.CodecContext.create("libvpx", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base, encoder.framerate, encoder.bit_rate = Fraction(1, FPS), Fraction(FPS, 1), 800_000
    encoder.options = {"deadline": "realtime", "cpu-used": "6", "lag-in-frames": "0"}
    frames = FPS * CLIP_SECONDS
    packets: list[bytes] = []
    for number in range(frames):
        left = int((WIDTH - HEIGHT) * (1 - abs(2 * number / frames - 1)))
        canvas = cv2.copyMakeBorder(picture, 0, 0, left, WIDTH - HEIGHT - left, cv2.BORDER_REPLICATE)
        frame = av.VideoFrame.from_ndarray(canvas.astype(np.uint8), format="bgr24").reformat(format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return packets + [bytes(packet) for packet in encoder.encode(None)]


@asynccontextmanager
async def running_daemon(**settings: str) -> AsyncIterator[tuple[str, Process]]:
    """``argusd serve`` on a free port, ready. ``settings``: ``ARGUSD_`` variables, without the prefix."""
    with create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "argusd.daemon", "serve", "--port", str(port), "--state-dir", folder]
        environment = os.environ | {f"ARGUSD_{key}": value for key, value in settings.items()}
        process = await asyncio.create_subprocess_exec(*command, env=environment, stderr=subprocess.DEVNULL)
        try:
            await ready(url)
            yield url, process
        finally:
            process.terminate()
            await process.wait()


async def ready(url: str, tiers: str = "live") -> None:
    """Return when the daemon says that it is."""
    async with asyncio.timeout(READY_WITHIN_S), aiohttp.ClientSession(url) as http:
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with http.get("/ready", params={"tiers": tiers}) as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.2)


async def observations(url: str, seconds: float) -> dict[str, list[Event]]:
    """The observations of the next ``seconds``, by session."""
    seen: dict[str, list[Event]] = defaultdict(list)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            async for event in subscribe(url):
                if isinstance(event, Event) and event.type == "observation" and event.name == event.stream:
                    seen[event.session_id].append(event)
    return seen


async def served(http: aiohttp.ClientSession) -> dict[str, float]:
    """Looks served so far, by role."""
    async with http.get("/metrics") as response:
        text = await response.text()
    return {
        sample.labels["role"]: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "ml_served_total"
    }


def cpu_seconds(process: Process) -> float:
    """User and system time of the daemon and all its children so far."""
    tree = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    return sum(sum(member.cpu_times()[:2]) for member in tree)
