"""Ingest: milliseconds of CPU per second of live media, ours beside stock aiortc.

A publisher process sends the same encoded clip (720p30 with Opus) over real ICE, DTLS and SRTP on loopback,
in turn to an ingest worker (decoded frames and samples end in shared memory) and to a process that uses
aiortc as most people do: every frame to a BGR array on the event loop. Both receivers run under uvloop. VP9
and AV1, which aiortc does not receive, are measured without a peer. The figure is the receiving process' CPU
time, user and system, by the seconds of video that it decoded meanwhile.
"""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from .harness import Metric, Result, machine, paired_ratio
from .peers.clips import FPS, VideoName, cached_clip
from .rigs.ingest import OurReceiver, Peer, StockReceiver

WIDTH, HEIGHT, CLIP_SECONDS, BIT_RATE = 1280, 720, 5, 2_000_000
TARGETS_MS: dict[VideoName, int] = {"vp8": 80, "h264": 58}
ALONE: tuple[VideoName, ...] = ("vp9", "av1")
WARM_UP_S = 2.0
# On a busy machine the publisher itself may fall behind; below this the figure would be of something else.
SERVED_SHARE = 0.5


class Window(NamedTuple):
    """What a receiver did while it was watched."""

    cpu_ms_per_media_s: float
    frames: int


def main(quick: bool, rounds: int | None = None) -> Result:
    """Measure VP8 and H.264, ours and stock in turn, then VP9 and AV1."""
    # Whole turns of the clip: its one keyframe costs as much as dozens of other frames.
    usual, seconds = (1, 1.0 * CLIP_SECONDS) if quick else (5, 2.0 * CLIP_SECONDS)
    served = 0
    metrics: dict[str, Metric] = {}
    for codec in (*TARGETS_MS, *ALONE):
        ours, stock = asyncio.run(measure(codec, rounds or usual, seconds))
        served += sum(window.frames for window in ours)
        metrics |= figures(codec, costs(ours), costs(stock))
    return Result(name="ingest", machine=machine(), served=served, metrics=metrics)


def costs(windows: Sequence[Window]) -> list[float]:
    """CPU milliseconds per second of media, one a window."""
    return [window.cpu_ms_per_media_s for window in windows]


def figures(codec: VideoName, our_ms: list[float], stock_ms: list[float]) -> dict[str, Metric]:
    """What a codec costs, and beside stock where that receives it."""
    name, meaning = f"{codec}_cpu_ms_per_media_s", f"CPU per second of {codec} 720p30 + Opus"
    if not stock_ms:
        return {name: Metric(median(our_ms), "ms", f"{meaning}; aiortc does not receive it")}
    beside = f"{meaning}; baseline: stock aiortc with to_ndarray"
    ratio = paired_ratio(stock_ms, our_ms)
    return {
        name: Metric(median(our_ms), "ms", beside, median(stock_ms), f"<= {TARGETS_MS[codec]}"),
        f"{codec}_over_stock": Metric(ratio, "x", "stock / ours, paired by round", None, ">= 1.5"),
    }


async def measure(codec: VideoName, rounds: int, seconds: float) -> tuple[list[Window], list[Window]]:
    """Windows of ours and of stock, alternating; of stock none where it does not receive the codec."""
    clip = cached_clip(codec, WIDTH, HEIGHT, CLIP_SECONDS, BIT_RATE)
    ours, stock = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as directory:
            ours.append(await watch(OurReceiver(Path(directory)), clip, seconds))
        if codec in TARGETS_MS:
            stock.append(await watch(StockReceiver(), clip, seconds))
    return ours, stock


async def first_frame(receiver: OurReceiver | StockReceiver) -> None:
    """Wait until pictures flow: who loses the clip's first packet has to wait for its next keyframe."""
    async with asyncio.timeout(5 * CLIP_SECONDS):
        while not await receiver.frames():  # noqa: ASYNC110 (of another process)
            await asyncio.sleep(0.1)


async def watch(receiver: OurReceiver | StockReceiver, clip: Path, seconds: float) -> Window:
    """Publish a clip to a receiver and watch it for a while."""
    await receiver.start()
    publisher = await Peer.spawn("publish", str(clip))
    try:
        await publisher.say(await receiver.answer(str(await publisher.hear())))
        await first_frame(receiver)
        await asyncio.sleep(WARM_UP_S)
        started, cpu_s, frames = time.monotonic(), receiver.cpu_s(), await receiver.frames()
        await asyncio.sleep(seconds)
        elapsed = time.monotonic() - started
        cpu_s, frames = receiver.cpu_s() - cpu_s, await receiver.frames() - frames
    finally:
        await publisher.end()
        await receiver.end()
    assert frames >= SERVED_SHARE * FPS * elapsed, f"only {frames} frames were served in {elapsed:.1f} s"
    return Window(1000 * cpu_s / (frames / FPS), frames)
