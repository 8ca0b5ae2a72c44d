"""A soak: callers come and go for hours, and nothing of the daemon's may grow.

Interviews over WebRTC, pictures over WebSockets, tasks (some of them broken) and event readers, each leaving
in the ways callers leave. Sampled meanwhile, for each process: private memory, descriptors and threads; for
the daemon: free bytes of the arenas and bytes of its state directory. At the end everybody has left, and what
they held must have been given back.
"""

import asyncio
import contextlib
import random
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import NamedTuple

import aiohttp
import cv2
import msgspec
import psutil
from prometheus_client.parser import text_string_to_metric_families

from argusd.scheduler.zoo.store import ZooStore

from .harness import Metric, Result, machine
from .peers.portrait import FPS, portrait_clip
from .peers.visitors import Place, Visitor, interview, pictures, reader, seat, tasks
from .report.growth import Points, growth, settled
from .rigs.cache import CACHE
from .rigs.daemon import running_daemon

MIB = 1 << 20
SEATS: dict[str, tuple[Visitor, int]] = {
    "interview": (interview, 3),
    "pictures": (pictures, 1),
    "tasks": (tasks, 1),
    "reader": (reader, 2),
}
QUICK_HOURS, HOURS = 1 / 30, 1.0
SAMPLES = 360
GONE_WITHIN_S = 20.0  # silent peers are noticed, closed sessions erased, their room given back


class Limit(NamedTuple):
    """How much a figure may grow in one run: by a share of its value, or by a number, whichever is more."""

    unit: str
    share: float
    least: float


LIMITS = {
    "memory": Limit("MiB", 0.05, 16.0),
    "descriptors": Limit("", 0.0, 8.0),
    "threads": Limit("", 0.0, 2.0),
    "state": Limit("MiB", 0.05, 16.0),
}


def main(quick: bool, hours: float | None = None) -> Result:
    """Let callers come and go for so long: an hour, or two minutes."""
    return asyncio.run(measure(3600 * (hours or (QUICK_HOURS if quick else HOURS))))


async def measure(seconds: float) -> Result:
    """Sample while the seats are taken, and once more when all have left."""
    store = ZooStore(CACHE)
    clip = portrait_clip(store)
    seen: Counter[str] = Counter()
    series: dict[str, list[tuple[float, float]]] = defaultdict(list)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url, server = await stack.enter_async_context(running_daemon(API__OVERCOMMIT="true"))
        (folder / "clip").write_bytes(msgspec.msgpack.encode(clip))
        place = Place(url, folder / "clip", FPS, jpeg(store), seen, random.Random(1))  # noqa: S311  # no secret
        daemon = psutil.Process(server.pid)
        free_before = await free_bytes(url)
        seats = [
            asyncio.create_task(seat(place, visitor, f"{name}{number}"))
            for name, (visitor, count) in SEATS.items()
            for number in range(count)
        ]
        started: set[tuple[str, int]] = set()
        begin = time.monotonic()
        while (at := time.monotonic() - begin) < seconds:
            for name, value in (await sample(url, daemon)).items():
                series[name].append((at, value))
            started |= {(name, member.pid) for name, member in members(daemon)}
            await asyncio.sleep(seconds / SAMPLES)
        for each in seats:
            each.cancel()
        await asyncio.gather(*seats, return_exceptions=True)
        await asyncio.sleep(GONE_WITHIN_S)
        held = free_before - await free_bytes(url)
    return judged(dict(series), seen, held, len(started) - len(dict(started)))


def jpeg(store: ZooStore) -> bytes:
    """A face of 480 × 480 pixels."""
    picture = cv2.imread(str(store.path("astronaut")))
    assert picture is not None
    return bytes(cv2.imencode(".jpg", cv2.resize(picture, (480, 480)))[1])


async def sample(url: str, daemon: psutil.Process) -> dict[str, float]:
    """All that may grow, now: ``KIND/OF WHAT`` to its value."""
    found = {"arena/free MiB": await free_bytes(url) / MIB, "state/on disk MiB": state_bytes(daemon) / MIB}
    for name, member in members(daemon):
        with contextlib.suppress(psutil.NoSuchProcess), member.oneshot():
            found[f"memory/{name}"] = member.memory_full_info().uss / MIB
            found[f"descriptors/{name}"] = member.num_fds()
            found[f"threads/{name}"] = member.num_threads()
    return found


def members(daemon: psutil.Process) -> Iterator[tuple[str, psutil.Process]]:
    """The daemon's processes by name: ``ingest 0``, ``scheduler bulk``, ``redis-server``.

    Of equal names the oldest: Redis' file is rewritten by a process of its own, which ends when it likes.
    """
    yield "supervisor", daemon
    named: dict[str, psutil.Process] = {}
    for member in daemon.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            named.setdefault(name_of(member.cmdline()) or member.name(), member)
    yield from named.items()


def name_of(command: list[str]) -> str:
    """What one of our processes is, by its command line; empty for others."""
    if "argusd.daemon" not in command:
        return ""
    which = [value for option, value in pairwise(command) if option in ("--index", "--tier")]
    return " ".join([command[command.index("argusd.daemon") + 1], *which])


def state_bytes(daemon: psutil.Process) -> int:
    """Bytes of all files in its state directory."""
    words = daemon.cmdline()
    folder = Path(words[words.index("--state-dir") + 1])
    return sum(map(size_of, folder.rglob("*")))


def size_of(path: Path) -> int:
    """Bytes of a file; 0 for what is none, or none any more."""
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_size if path.is_file() else 0
    return 0


async def free_bytes(url: str) -> float:
    """What is free in all arenas together."""
    async with aiohttp.ClientSession(url) as http, http.get("/metrics") as response:
        families = text_string_to_metric_families(await response.text())
        return sum(s.value for family in families for s in family.samples if s.name == "ml_arena_free_bytes")


def judged(
    series: dict[str, list[tuple[float, float]]], seen: Counter[str], held: float, restarts: int
) -> Result:
    """The figures, and whether they pass: a figure above its limit is named, with both."""
    wrong = {what: count for what, count in seen.items() if what.startswith(("failed", "task: wrong"))}
    metrics = {
        "visits": Metric(visits(seen), "", "interviews and sessions that came and went"),
        "events": Metric(seen["event"], "", "events read"),
        "tasks": Metric(seen["task: as expected"], "", "tasks answered as their pictures deserve"),
        "went_wrong": Metric(sum(wrong.values()), "", f"visits and answers: {wrong or 'none'}", None, "0"),
        "restarts": Metric(restarts, "", "processes that were started again", None, "0"),
        "arena_held": Metric(held / MIB, "MiB", "still held of the arenas when all had left", None, "0"),
    }
    for name, points in series.items():
        kind = name.split("/")[0]
        if kind in LIMITS:
            metrics[name] = grown(name, points, LIMITS[kind])
    assert seen["event"] > 0, "nobody was looked at"
    return Result(
        "soak",
        machine(),
        seen["event"],
        metrics,
        series=series,
        axes=("seconds", ""),
        failures=[
            f"{name} is {each.value:.4g} {each.unit}, more than {each.target}"
            for name, each in metrics.items()
            if above(each)
        ],
    )


def grown(name: str, points: Points, limit: Limit) -> Metric:
    """How much one figure grew, beside what it was and what it may."""
    usual = median(value for _, value in settled(points))
    allowed = max(limit.least, limit.share * usual)
    return Metric(
        growth(points), limit.unit, f"growth of {name}, beside its median", usual, f"<= {allowed:.3g}"
    )


def above(metric: Metric) -> bool:
    """Whether a figure is more than it may be."""
    return bool(metric.target) and metric.value > float(metric.target.removeprefix("<= "))


def visits(seen: Counter[str]) -> int:
    """Sessions that came and were erased again."""
    return sum(count for what, count in seen.items() if what.startswith("erased"))
