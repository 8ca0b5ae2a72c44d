"""Loss: how long a picture stands still, and how many come, when the path loses packets.

A camera (640x480, 30 fps, VP8 by aiortc, with sound) publishes to an ingest worker through a path in user
space that loses packets of both directions, evenly or in bursts, doubles or reorders them. Each camera, path
and worker is new, and the path is clean until media flow. A freeze is the time between two frames in shared
memory.
"""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from .harness import Metric, Result, machine
from .peers.clips import FPS
from .peers.impaired_path import CLEAN, ImpairedPath, Impairment, without_candidates
from .rigs.ingest import OurReceiver, Peer

PATHS = {
    "loss_0": CLEAN,
    "loss_1": Impairment(loss=0.01),
    "loss_5": Impairment(loss=0.05),
    "loss_10": Impairment(loss=0.10),
    "loss_25": Impairment(loss=0.25),
    "bursts_5": Impairment(loss=0.05, burst=8),
    "reordered_20": Impairment(reorder=0.20),
    "doubled_20": Impairment(duplicate=0.20),
    "far_loss_5": Impairment(loss=0.05, delay_s=0.08, jitter_s=0.02),
}
FREEZE_TARGETS = {"loss_5": "<= 500"}
FPS_TARGETS = {"loss_25": "> 0"}
LOOK_S = 0.002
SETTLED_FRAMES = 90


class Seen(NamedTuple):
    """What came of a path: frames, over how many seconds, and the longest time between two of them."""

    frames: int
    seconds: float
    freeze_s: float


def main(quick: bool) -> Result:
    """Measure each path for a while."""
    seconds = 5.0 if quick else 30.0
    seen = {name: asyncio.run(measure(path, seconds)) for name, path in PATHS.items()}
    metrics = {}
    for name, each in seen.items():
        about = describe(PATHS[name])
        metrics[f"{name}_freeze_ms"] = Metric(
            1000 * each.freeze_s, "ms", f"longest freeze, {about}", target=FREEZE_TARGETS.get(name, "")
        )
        metrics[f"{name}_fps"] = Metric(
            each.frames / each.seconds, "/s", f"frames, {about}", FPS, FPS_TARGETS.get(name, "")
        )
    served = sum(each.frames for each in seen.values())
    return Result(name="loss", machine=machine(), served=served, metrics=metrics)


def describe(path: Impairment) -> str:
    """A path in words."""
    parts = [f"{share:.0%} {what}" for what, share in shares(path).items() if share]
    if path.burst > 1:
        parts.append(f"{path.burst} in a row")
    if path.delay_s:
        parts.append(f"{1000 * path.delay_s:.0f} ms each way")
    return ", ".join(parts) or "a clean path"


def shares(path: Impairment) -> dict[str, float]:
    """Of all packets."""
    return {"lost": path.loss, "doubled": path.duplicate, "reordered": path.reorder}


async def measure(impairment: Impairment, seconds: float) -> Seen:
    """Publish over a path that turns bad when the media flow; watch what comes."""
    path = ImpairedPath()
    with tempfile.TemporaryDirectory() as directory:
        receiver = OurReceiver(Path(directory))
        await receiver.start()
        camera = await Peer.spawn("camera")
        try:
            offer = without_candidates(str(await camera.hear()))
            await camera.say(await path.open(await receiver.answer(offer)))
            async with asyncio.timeout(60):
                while await receiver.frames() < SETTLED_FRAMES:  # noqa: ASYNC110 (of another process)
                    await asyncio.sleep(LOOK_S)
            path.impairment = impairment
            return await watch(receiver, seconds)
        finally:
            path.close()
            await camera.end()
            await receiver.end()


async def watch(receiver: OurReceiver, seconds: float) -> Seen:
    """Look whether there is another frame, again and again."""
    begun = came = time.monotonic()
    first = newest = await receiver.frames()
    freeze_s = 0.0
    while (now := time.monotonic()) < begun + seconds:
        frames = await receiver.frames()
        freeze_s = max(freeze_s, now - came)
        if frames > newest:
            newest, came = frames, now
        await asyncio.sleep(LOOK_S)
    assert newest > first, "no frame came"
    return Seen(newest - first, now - begun, freeze_s)
