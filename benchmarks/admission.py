"""Admission: how many sessions the daemon says it holds, and how many it holds.

Real WebRTC sessions of the default policy join one after the other, whatever admission says of them. It holds
them while 95 % of what is seen in their pictures is known within the promised age, and each session is looked
at as often as the first one was alone. The publishers run on the same machine; what they take of it counts
as work of others.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from argusd.interviewer_bridge.publish.media import Source
from argusd.interviewer_bridge.publish.publisher import Publisher
from argusd.scheduler.contract.roles import FACE_DETECTOR, FACE_MESH, OBJECT_DETECTOR
from argusd.scheduler.contract.streams.interview import FACE, VIDEO
from argusd.scheduler.zoo.store import ZooStore

from .harness import Metric, Result, machine
from .peers.clips import opus_clip
from .peers.portrait import CLIP_SECONDS, FPS, MANY, portrait_clip
from .peers.publisher import PacketTrack
from .rigs.daemon import running_daemon

PROMISED_S = 0.5  # a bound of the daemon's histogram of ages
HELD_LOOKS = 0.95  # of the first session's
LOOKS = (FACE_DETECTOR, FACE_MESH, OBJECT_DETECTOR)
SEEN = (FACE.name, VIDEO.name)
SETTLE_S, WATCH_S, QUICK_WATCH_S = 4.0, 8.0, 4.0
STEP = 0.1  # of what is predicted: so many join at a time, one at least
BEYOND = 2  # numbers of sessions in a row that are not held end the ramp


class Step(NamedTuple):
    """So many sessions: how many admission says there can be, their looks a second, and their ages.

    ``ages``: upper bounds of the age in seconds, and how many looks were no older.
    """

    sessions: int
    predicted: int
    looks: float
    ages: dict[float, float]

    @property
    def in_time(self) -> float:
        """The share of what was seen that was known within the promise."""
        return self.ages[PROMISED_S] / max(self.ages.values())

    @property
    def age_p95_s(self) -> float:
        """The least bound that 95 % of the ages keep."""
        return min(bound for bound, count in self.ages.items() if count >= 0.95 * max(self.ages.values()))


def main(quick: bool) -> Result:
    """One ramp."""
    return judged(asyncio.run(ramp(QUICK_WATCH_S if quick else WATCH_S)))


async def ramp(seconds: float) -> list[Step]:
    """Sessions join until they are too many for sure, each number of them watched for so long."""
    clip = portrait_clip(ZooStore(Path.home() / ".cache" / "argusd"))
    steps: list[Step] = []
    async with AsyncExitStack() as stack:
        url, _ = await stack.enter_async_context(
            running_daemon(API__OVERCOMMIT="true", SCHEDULER__PROMISED_AGE_S=str(PROMISED_S))
        )
        http = await stack.enter_async_context(aiohttp.ClientSession(url))
        sessions = joining = 1
        while not over(steps):
            for number in range(sessions - joining, sessions):
                tracks = Source(
                    PacketTrack("video", clip, repeat=MANY, fps=FPS),
                    PacketTrack("audio", opus_clip(50 * CLIP_SECONDS), repeat=MANY),
                )
                await stack.enter_async_context(Publisher(url, f"s{number}", tracks))
            steps.append(await watched(http, sessions, seconds))
            joining = max(1, round(STEP * steps[-1].predicted))
            sessions += joining
    return steps


async def watched(http: aiohttp.ClientSession, sessions: int, seconds: float) -> Step:
    """How so many sessions fare."""
    await asyncio.sleep(SETTLE_S)
    before = await figures(http)
    await asyncio.sleep(seconds)
    after = await figures(http)
    counted = {name: value - before.get(name, 0.0) for name, value in after.items()}
    async with http.get("/sessions") as response:
        fits_more: int = (await response.json())["fits_more"]
    return Step(
        sessions,
        sessions + fits_more,
        sum(counted.get(f"served {role}", 0.0) for role in LOOKS) / seconds / sessions,
        ages_of(counted),
    )


async def figures(http: aiohttp.ClientSession) -> dict[str, float]:
    """What the daemon has counted: looks by role, and ages by stream and upper bound."""
    async with http.get("/metrics") as response:
        families = text_string_to_metric_families(await response.text())
    found = {}
    for sample in (sample for family in families for sample in family.samples):
        if sample.name == "ml_served_total":
            found[f"served {sample.labels['role']}"] = sample.value
        elif sample.name == "ml_frame_age_seconds_bucket":
            found[f"age {sample.labels['stream']} {sample.labels['le']}"] = sample.value
    return found


def ages_of(counted: Mapping[str, float]) -> dict[float, float]:
    """Upper bounds and counts of what was seen in pictures."""
    ages: dict[float, float] = {}
    for name, count in counted.items():
        kind, stream, *bound = name.split()
        if kind == "age" and stream in SEEN:
            ages[float(bound[0])] = ages.get(float(bound[0]), 0.0) + count
    return ages


def held(step: Step, alone: Step) -> bool:
    """Whether the promise holds for so many sessions."""
    return step.in_time >= 0.95 and step.looks >= HELD_LOOKS * alone.looks


def over(steps: Sequence[Step]) -> bool:
    """Whether the last numbers of sessions were too many."""
    return len(steps) > BEYOND and not any(held(step, steps[0]) for step in steps[-BEYOND:])


def judged(steps: Sequence[Step]) -> Result:
    """Predicted: the sessions that admission would have let in, one after the other. Found: those held."""
    found = max((step.sessions for step in steps if held(step, steps[0])), default=0)
    full = [step.sessions for step in steps if step.predicted <= step.sessions]
    predicted = min(full, default=steps[-1].sessions)
    looks = sum(step.looks * step.sessions for step in steps)
    assert looks > 0, "nobody was looked at"
    return Result(
        "admission",
        machine(),
        int(looks),
        {
            "predicted": Metric(predicted, "", "sessions that admission lets in", found),
            "found": Metric(
                found, "", f"sessions whose looks are in time ({PROMISED_S} s, 95 %) and not fewer"
            ),
            "over_found": Metric(predicted / max(found, 1), "x", "predicted / found", None, "0.85 .. 1.15"),
            "predicted_by_one": Metric(steps[0].predicted, "", "said while there is one session"),
            "age_p95_ms": Metric(
                1e3 * max(step.age_p95_s for step in steps if step.sessions <= max(found, 1)),
                "ms",
                "bound of the age that 95 % keep, worst of those held",
            ),
        },
        series={
            "sessions/predicted": [(step.sessions, step.predicted) for step in steps],
            "share/looks of the first": [(step.sessions, step.looks / steps[0].looks) for step in steps],
            "share/in time": [(step.sessions, step.in_time) for step in steps],
        },
        axes=("sessions", ""),
    )
