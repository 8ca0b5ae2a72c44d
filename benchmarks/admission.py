"""Admission: how many sessions the daemon says it holds, and how many it holds.

Real WebRTC sessions join, whatever admission says of them, in one ramp for each mix of what they want. They
are held while 95 % of what is seen and heard is known within the promised age, and each session is looked at
as often as the first one was alone. The publishers run on the same machine; what they take of it counts as
work of others.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from argusd.scheduler.contract.roles import FACE_DETECTOR, FACE_MESH, OBJECT_DETECTOR, SPEAKER_EMBEDDER
from argusd.scheduler.zoo.store import ZooStore

from .harness import Metric, Points, Result, machine, require_known
from .peers.portrait import portrait_clip
from .report.lines import line
from .rigs.cache import CACHE
from .rigs.daemon import ready, running_daemon
from .rigs.every_look import EVERY_LOOK_JSON
from .serving.calls import ROLES, Call

PROMISED_S = 0.5  # a bound of the daemon's histogram of ages
HELD_LOOKS = 0.95  # of the first session's
SETTLE_S, WATCH_S, QUICK_WATCH_S = 3.0, 8.0, 3.0
LEAP = 0.9  # of what fits besides join at the next step, or
STEP = 0.05  # of those that are there, whatever is more; one at least
BEYOND = 2  # numbers of sessions in a row that are not held end the ramp
MOST = 80  # sessions; their publishers take cores as well


class Mix(NamedTuple):
    """What the sessions of a ramp want: these streams, at these rates."""

    streams: tuple[str, ...]
    rates: Mapping[str, float] = {}

    @property
    def roles(self) -> tuple[str, ...]:
        """Whose looks are counted."""
        return tuple(role for stream in self.streams for role in ROLES[stream])

    @property
    def body(self) -> Mapping[str, Any]:
        """What is asked of the daemon: no look is spared, for admission counts with none that is."""
        return {"streams": self.streams, "policy": {"rates": self.rates, "gates": EVERY_LOOK_JSON}}


HALF = {FACE_DETECTOR: 2.0, FACE_MESH: 4.0, OBJECT_DETECTOR: 0.5, SPEAKER_EMBEDDER: 0.6}
MIXES = {
    "all": Mix(("face", "video", "audio"), HALF),
    "face": Mix(("face",)),
    "audio": Mix(("audio",), {SPEAKER_EMBEDDER: 0}),
}
"""None wants as much as the default policy, so that two cores hold enough of them to tell 15 %."""


class Step(NamedTuple):
    """So many sessions: how many of the default policy fit besides, their looks a second, and their ages.

    ``ages``: upper bounds of the age in seconds, and how many looks were no older.
    """

    sessions: int
    fits_more: int
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


def main(quick: bool, mixes: Sequence[str] = tuple(MIXES)) -> Result:
    """A ramp for each of these mixes.

    Raises:
        NotMeasurable: there is no such mix.
    """
    require_known("mix", mixes, MIXES)
    ramps = {name: asyncio.run(ramp(MIXES[name], QUICK_WATCH_S if quick else WATCH_S)) for name in mixes}
    return judged(ramps)


async def ramp(mix: Mix, seconds: float) -> list[Step]:
    """Sessions join until they are too many for sure, each number of them watched for so long."""
    clip = portrait_clip(ZooStore(CACHE))
    steps: list[Step] = []
    async with AsyncExitStack() as stack:
        url, _ = await stack.enter_async_context(
            running_daemon(API__OVERCOMMIT="true", SCHEDULER__PROMISED_AGE_S=str(PROMISED_S))
        )
        await ready(url, "live,bulk")
        http = await stack.enter_async_context(aiohttp.ClientSession(url))
        there = 0
        for sessions in numbers(steps):
            for number in range(there, sessions):
                async with http.put(f"/sessions/s{number}", json=mix.body) as response:
                    response.raise_for_status()
                await stack.enter_async_context(Call(url, f"s{number}", clip).published())
            there = sessions
            steps.append(await watched(http, mix, sessions, seconds))
    return steps


def numbers(steps: Sequence[Step]) -> Iterator[int]:
    """How many sessions there are to be at the next step, as long as ``steps`` grows by what they are."""
    sessions = 1
    while sessions <= MOST and not over(steps):
        yield sessions
        sessions += max(1, round(LEAP * steps[-1].fits_more), round(STEP * sessions))


async def watched(http: aiohttp.ClientSession, mix: Mix, sessions: int, seconds: float) -> Step:
    """How so many sessions fare."""
    await asyncio.sleep(SETTLE_S)
    before = await figures(http)
    await asyncio.sleep(seconds)
    after = await figures(http)
    counted = {name: value - before.get(name, 0.0) for name, value in after.items()}
    async with http.get("/sessions") as response:
        fits_more: int = (await response.json())["fits_more"]
    looks = sum(counted.get(f"served {role}", 0.0) for role in mix.roles) / seconds / sessions
    return Step(sessions, fits_more, looks, ages_of(counted, mix.streams))


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


def ages_of(counted: Mapping[str, float], streams: Sequence[str]) -> dict[float, float]:
    """Upper bounds and counts of what was seen or heard in these streams."""
    ages: dict[float, float] = {}
    for name, count in counted.items():
        kind, stream, *bound = name.split()
        if kind == "age" and stream in streams:
            ages[float(bound[0])] = ages.get(float(bound[0]), 0.0) + count
    return ages


def held(step: Step, alone: Step) -> bool:
    """Whether the promise holds for so many sessions."""
    return step.in_time >= 0.95 and step.looks >= HELD_LOOKS * alone.looks


def over(steps: Sequence[Step]) -> bool:
    """Whether the last numbers of sessions were too many."""
    return len(steps) > BEYOND and not any(held(step, steps[0]) for step in steps[-BEYOND:])


def predicted(steps: Sequence[Step]) -> float:
    """How many sessions of a ramp there are once none of the default policy fits besides.

    One of these is several of the ramp's, so what fits is followed down a line: on average there is room for
    a half more than the whole number that is told.
    """
    room = [(float(step.sessions), step.fits_more + 0.5) for step in steps if step.fits_more > 0]
    falling = line(room)
    if falling is not None and falling.slope < 0:
        return -falling.begin / falling.slope
    return float(min((step.sessions for step in steps if step.fits_more <= 0), default=steps[-1].sessions))


def judged(ramps: Mapping[str, Sequence[Step]]) -> Result:
    """Predicted beside found, by mix."""
    metrics: dict[str, Metric] = {}
    series: dict[str, Points] = {}
    for name, steps in ramps.items():
        looks = sum(step.looks * step.sessions for step in steps)
        assert looks > 0, f"nobody was looked at ({name})"
        found = max((step.sessions for step in steps if held(step, steps[0])), default=0)
        told = predicted(steps)
        age = max(step.age_p95_s for step in steps if step.sessions <= max(found, 1))
        meaning = f"sessions whose looks are in time ({PROMISED_S} s, 95 %) and not fewer"
        metrics |= {
            f"{name}_predicted": Metric(told, "", "sessions at which admission has no more room", found),
            f"{name}_found": Metric(found, "", meaning),
            f"{name}_over_found": Metric(
                told / max(found, 1), "x", "predicted / found", None, "0.85 .. 1.15"
            ),
            f"{name}_age_p95_ms": Metric(
                1e3 * age, "ms", "bound that 95 % of ages keep, worst of those held"
            ),
        }
        series |= {
            f"room for the default policy/{name}": [(step.sessions, step.fits_more) for step in steps],
            f"looks of the first/{name}": [(step.sessions, step.looks / steps[0].looks) for step in steps],
            f"share in time/{name}": [(step.sessions, step.in_time) for step in steps],
        }
    served = int(sum(step.looks * step.sessions for steps in ramps.values() for step in steps))
    return Result("admission", machine(), served, metrics, series=series, axes=("sessions", ""))
