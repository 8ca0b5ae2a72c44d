"""Ingest: milliseconds of CPU per second of live media, ours beside stock aiortc.

A publisher process sends the same encoded clip (720p30 with Opus) over real ICE, DTLS and SRTP on loopback,
in turn to an ingest worker (decoded frames and samples end in shared memory) and to a process that uses
aiortc as most people do: every frame to a BGR array on the event loop. Both receivers run under uvloop. VP9
and AV1, which aiortc does not receive, are measured without a peer. The figure is the receiving process' CPU
time, user and system, by the seconds of video that it decoded meanwhile. Ours is measured as the daemon runs
it for streams that look at 15 pictures a second, the most of the default policy; VP8 and H.264 also with each
picture in shared memory.
"""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from argusd.scheduler.contract.policy import Policy

from .harness import Metric, Result, machine, paired_ratio
from .peers.clips import FPS, VideoName, cached_clip
from .rigs.ingest import OurReceiver, Peer, StockReceiver

WIDTH, HEIGHT, CLIP_SECONDS, BIT_RATE = 1280, 720, 5, 2_000_000
TARGETS_MS: dict[VideoName, int] = {"vp8": 80, "h264": 58}
ALONE: tuple[VideoName, ...] = ("vp9", "av1")
WARM_UP_S = 2.0
# On a busy machine the publisher itself may fall behind; below this the figure would be of something else.
SERVED_SHARE = 0.5
LOOKED_AT_HZ = Policy().rates.mouth


class Window(NamedTuple):
    """What a receiver did while it was watched."""

    cpu_ms_per_media_s: float
    media_s: float


def main(quick: bool, rounds: int | None = None) -> Result:
    """Measure VP8 and H.264, ours and stock in turn, then VP9 and AV1."""
    # Whole turns of the clip: its one keyframe costs as much as dozens of other frames.
    usual, seconds = (1, 1.0 * CLIP_SECONDS) if quick else (5, 2.0 * CLIP_SECONDS)
    served_s = 0.0
    metrics: dict[str, Metric] = {}
    for codec in (*TARGETS_MS, *ALONE):
        ours, stock, every = asyncio.run(measure(codec, rounds or usual, seconds))
        served_s += sum(window.media_s for window in ours)
        metrics |= figures(codec, costs(ours), costs(stock), costs(every))
    return Result(name="ingest", machine=machine(), served=round(FPS * served_s), metrics=metrics)


def costs(windows: Sequence[Window]) -> list[float]:
    """CPU milliseconds per second of media, one a window."""
    return [window.cpu_ms_per_media_s for window in windows]


def figures(
    codec: VideoName, our_ms: list[float], stock_ms: list[float], every_ms: list[float]
) -> dict[str, Metric]:
    """What a codec costs, and beside stock where that receives it; ``every_ms``: with every picture shown."""
    name, meaning = f"{codec}_cpu_ms_per_media_s", f"CPU per second of {codec} 720p30 + Opus"
    if not stock_ms:
        return {name: Metric(median(our_ms), "ms", f"{meaning}; aiortc does not receive it")}
    beside = f"{meaning}; baseline: stock aiortc with to_ndarray"
    ratio, every = paired_ratio(stock_ms, our_ms), paired_ratio(stock_ms, every_ms)
    return {
        name: Metric(median(our_ms), "ms", beside, median(stock_ms), f"<= {TARGETS_MS[codec]}"),
        f"{codec}_over_stock": Metric(ratio, "x", "stock / ours, paired by round", None, ">= 1.7"),
        f"{codec}_every_picture_over_stock": Metric(
            every, "x", "the same with every picture in shared memory"
        ),
    }


async def measure(codec: VideoName, rounds: int, seconds: float) -> tuple[list[Window], ...]:
    """Windows of ours, of stock, and of ours with every picture shown, in turn.

    Of the last two none where stock does not receive the codec.
    """
    clip = cached_clip(codec, WIDTH, HEIGHT, CLIP_SECONDS, BIT_RATE)
    ours: list[Window] = []
    stock: list[Window] = []
    every: list[Window] = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as directory:
            ours.append(await watch(OurReceiver(Path(directory), LOOKED_AT_HZ), clip, seconds))
        if codec in TARGETS_MS:
            stock.append(await watch(StockReceiver(), clip, seconds))
            with tempfile.TemporaryDirectory() as directory:
                every.append(await watch(OurReceiver(Path(directory)), clip, seconds))
    return ours, stock, every


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
        started, cpu_s, media_s = time.monotonic(), receiver.cpu_s(), await receiver.media_s()
        await asyncio.sleep(seconds)
        elapsed = time.monotonic() - started
        cpu_s, media_s = receiver.cpu_s() - cpu_s, await receiver.media_s() - media_s
    finally:
        await publisher.end()
        await receiver.end()
    assert media_s >= SERVED_SHARE * elapsed, f"only {media_s:.1f} s were served in {elapsed:.1f} s"
    return Window(1000 * cpu_s / media_s, media_s)
