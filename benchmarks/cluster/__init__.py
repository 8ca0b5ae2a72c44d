"""Many hosts on one Redis: what front doors cost, what placing takes, what the registry costs the Redis.

Offers are answered by a real host that holds their sessions, straight and by way of others (``doors.py``).
10 to 10,000 simulated hosts beat every second as real ones do, and 1 % of them die in a minute. Meanwhile
sessions are placed by the product's own script. Beside that it is measured what it costs the Redis that each
host looks twice a second for those that have died.
"""

import asyncio
import time
from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

from argusd.api.hosts.beats import Beats
from argusd.api.hosts.claims import Claims
from argusd.api.hosts.undertaker import LOOK_EVERY_S

from ..harness import Metric, Result, Table, machine, percentile
from .doors import measure_doors
from .simulated import SimulatedHosts
from .store import Store, running_store

COUNTS = (10, 100, 1_000, 10_000)
PLACEMENTS_PER_S = 200
LOOKS_AT_ONCE, LOOKS_CPU_S = 64, 0.1  # of the Redis, at the least: its clock ticks every 10 ms
LONGEST_BEAT_LATE_S = 1.0
LOOKS_PER_S = 1 / LOOK_EVERY_S  # of one host
COLUMNS = ["hosts", "p50 ms", "p95 ms", "core %", "commands/s", "MB", "looking %", "most - least", "died"]


class Run(NamedTuple):
    """What was seen with so many hosts. ``core``, ``looking``: shares of one core, of the Redis."""

    hosts: int
    milliseconds: list[float]
    core: float
    commands_per_s: float
    megabytes: float
    looking: float
    spread: int
    died: int
    late_s: float

    @property
    def row(self) -> list[str | float]:
        """A line of the table."""
        waits = median(self.milliseconds), percentile(self.milliseconds, 95)
        shares = 100 * self.core, self.commands_per_s, self.megabytes, 100 * self.looking
        return [str(self.hosts), *waits, *shares, self.spread, self.died]


def main(quick: bool) -> Result:
    """Each number of hosts in turn."""
    if quick:
        return asyncio.run(compare(3.0, COUNTS[:-1], rounds=30))
    return asyncio.run(compare(10.0, COUNTS, rounds=200))


async def compare(seconds: float, counts: tuple[int, ...], rounds: int) -> Result:
    """So many rounds of offers at real hosts, then so many seconds with each number of simulated ones."""
    async with running_store() as store:
        doors = await measure_doors(store, rounds)
    runs = []
    for count in counts:
        async with running_store() as store:
            runs.append(await measure(store, count, seconds))
    metrics = doors.metrics
    for run in runs:
        about = f"{run.hosts} hosts, {PLACEMENTS_PER_S} placements a second"
        metrics[f"placement_p50_{run.hosts}"] = Metric(median(run.milliseconds), "ms", about)
        metrics[f"placement_p95_{run.hosts}"] = Metric(percentile(run.milliseconds, 95), "ms", about)
        metrics[f"redis_core_{run.hosts}"] = Metric(100 * run.core, "%", "of a core: beats and placements")
    return Result(
        "cluster",
        machine(("redis",)),
        doors.offers + sum(len(run.milliseconds) for run in runs),
        metrics,
        tables=[Table("One Redis", COLUMNS, [run.row for run in runs])],
        notes=[
            "core %: of one core, what beats and placements take the Redis",
            f"looking %: the same for {LOOKS_PER_S:g} looks of each host in a second for who has died",
        ],
        failures=[failure for run in runs for failure in failures(run)],
    )


def failures(run: Run) -> Iterator[str]:
    """What must not be."""
    if run.spread > 2:
        yield f"{run.hosts} hosts: the fullest has {run.spread} sessions more than the emptiest"
    if run.late_s > LONGEST_BEAT_LATE_S:
        yield f"{run.hosts} hosts: beats came {run.late_s:.1f} s late, so the figures are not theirs"


async def measure(store: Store, count: int, seconds: float) -> Run:
    """Place sessions while hosts beat and die."""
    hosts = SimulatedHosts(store.redis, count)
    await hosts.beat()
    beating = asyncio.create_task(hosts.run())
    before, began = await store.spent(), time.monotonic()
    milliseconds = await placements(store, hosts, seconds)
    after, took_s = await store.spent(), time.monotonic() - began
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)
    await hosts.beat()
    return Run(
        count,
        milliseconds,
        (after.cpu_s - before.cpu_s) / took_s,
        (after.commands - before.commands) / took_s,
        after.bytes / 1e6,
        count * LOOKS_PER_S * await looking_s(store),
        hosts.spread,
        len(hosts.dead),
        hosts.late_s,
    )


async def placements(store: Store, hosts: SimulatedHosts, seconds: float) -> list[float]:
    """The milliseconds that each took."""
    claims = Claims(store.redis, "nobody")
    milliseconds = []

    async def place(number: int) -> None:
        began = time.perf_counter()
        claim = await claims.claim(f"session-{number}")
        milliseconds.append(1000 * (time.perf_counter() - began))
        hosts.place(claim.host_id, f"session-{number}")

    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(round(seconds * PLACEMENTS_PER_S)):
            group.create_task(place(number))
            await asyncio.sleep(max(0.0, began + number / PLACEMENTS_PER_S - time.monotonic()))
    return milliseconds


async def looking_s(store: Store) -> float:
    """CPU seconds of the Redis for one look for who has died."""
    beats = Beats(store.redis)
    before, times = (await store.spent()).cpu_s, 0
    while (spent_s := (await store.spent()).cpu_s - before) < LOOKS_CPU_S:
        await asyncio.gather(*(beats.overdue() for _ in range(LOOKS_AT_ONCE)))
        times += LOOKS_AT_ONCE
    return spent_s / times
