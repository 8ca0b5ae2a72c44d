"""Live sessions beside the plain design: the age of answers, the looks served, and their cost.

Each session shows a face 5 times a second and the room once, and speaks, by WebSocket; or (``webrtc``) it
publishes 15 pictures a second and its sound by WebRTC, and is looked at as often. All get the same numbers of
sessions in turn. The limit is the largest of these numbers at which, for it and for all below, every stream's
95th percentile of the age is at most a second and 95 % of its messages are answered. With three numbers or
more the slope of a further session is told as well.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple
from uuid import uuid4

from argusd.scheduler.zoo.store import ZooStore

from .harness import Result, machine, require_known
from .peers.portrait import portrait_clip
from .report.live_runs import Runs, metrics_of, series_of, tables_of
from .rigs.cache import CACHE
from .rivals.environments import is_made
from .rivals.systems import RIVALS, STREAMING_BY_WEBRTC, Argusd
from .serving.alike import difference, said
from .serving.calls import calls
from .serving.interviews import Figures, interviews
from .serving.material import pictures, windows
from .serving.server import NotReady, Server
from .serving.system import System, running

NUMBERS, QUICK_NUMBERS = (4, 6, 8, 12, 16, 24), (2, 4)
SECONDS, QUICK_SECONDS = 8.0, 4.0
WARM_UP_S = 3.0
WRONG = 0.01  # of the answers: the first ones come before anybody was seen


def main(
    quick: bool,
    rivals: Sequence[str] = ("plain",),
    numbers: Sequence[int] = (),
    rounds: int = 1,
    seconds: float | None = None,
    systems: Sequence[System] = (),
    webrtc: bool = False,
) -> Result:
    """So many sessions, ours beside the plain design's; or these systems, the first beside the others.

    Raises:
        NotMeasurable: there is no such rival.
    """
    beside = STREAMING_BY_WEBRTC if webrtc else RIVALS
    require_known("rival", rivals, beside)
    systems = systems or [Argusd(), *(beside[name] for name in rivals if is_made(name))]
    numbers = numbers or (QUICK_NUMBERS if quick else NUMBERS)
    seconds = seconds or (QUICK_SECONDS if quick else SECONDS)
    measure = by_webrtc if webrtc else by_websocket
    runs, names, failures, notes = asyncio.run(measure(systems, numbers, rounds, seconds))
    return Result(
        "live by WebRTC" if webrtc else "live",
        machine(),
        served=sum(figures.served for each in runs.values() for figures in each),
        metrics=dict(metrics_of(runs, names)),
        series=series_of(runs, names),
        axes=("sessions", ""),
        tables=list(tables_of(runs, names)),
        failures=failures
        + [
            f"{name} was wrong {each.wrong} times of {each.served} with {number} sessions"
            for (name, number), figures in runs.items()
            for each in figures
            if each.wrong > WRONG * each.served
        ],
        notes=[
            f"{name} has no environment here; `make bench-peers` makes it"
            for name in rivals
            if not is_made(name)
        ]
        + notes,
    )


class Found(NamedTuple):
    """Figures of the systems that took part, by ``names``; who said something else, and who was not there."""

    runs: Runs
    names: list[str]
    failures: list[str]
    notes: list[str]


Started = list[tuple[System, Server]]
Sessions = Callable[[Server, int, bool], Awaitable[Figures]]  # so many, of us or not


async def by_websocket(
    systems: Sequence[System], numbers: Sequence[int], rounds: int, seconds: float
) -> Found:
    """Pictures and sound in messages; heard first is who says something else of them than the first."""
    messages = {"face": pictures(), "video": pictures(), "audio": windows()}

    async def sessions(server: Server, number: int, ours: bool) -> Figures:
        return await interviews(server, number, seconds, WARM_UP_S, messages, ours, uuid4().hex[:8])

    async with started(systems) as (servers, notes):
        right = await said(servers[0][1], messages)
        failures = [
            f"{system.name} says otherwise than {systems[0].name}: {reason}"
            for system, server in servers[1:]
            if (reason := difference(right, await said(server, messages)))
        ]
        return Found(await in_turn(servers, numbers, rounds, sessions), named(servers), failures, notes)


async def by_webrtc(systems: Sequence[System], numbers: Sequence[int], rounds: int, seconds: float) -> Found:
    """An encoded clip and sound from WebRTC publishers."""
    clip = portrait_clip(ZooStore(CACHE))

    async def sessions(server: Server, number: int, ours: bool) -> Figures:
        return await calls(server, number, seconds, WARM_UP_S, clip, ours, uuid4().hex[:8])

    async with started(systems) as (servers, notes):
        return Found(await in_turn(servers, numbers, rounds, sessions), named(servers), [], notes)


def named(servers: Started) -> list[str]:
    """Who takes part."""
    return [system.name for system, _ in servers]


@asynccontextmanager
async def started(systems: Sequence[System]) -> AsyncIterator[tuple[Started, list[str]]]:
    """All that start, the first of which must; and why others did not."""
    async with AsyncExitStack() as stack:
        servers, notes = [(systems[0], await stack.enter_async_context(running(systems[0])))], []
        for system in systems[1:]:
            try:
                servers.append((system, await stack.enter_async_context(running(system))))
            except NotReady as error:
                notes.append(f"{system.name} did not start: {error}")
        for _, server in servers:
            await server.at_rest()
        yield servers, notes


async def in_turn(servers: Started, numbers: Sequence[int], rounds: int, sessions: Sessions) -> Runs:
    """Give everybody each number in turn, in an order that alternates."""
    runs: Runs = defaultdict(list)
    for turn in range(rounds):
        for at, number in enumerate(numbers):
            for system, server in servers if (turn + at) % 2 == 0 else reversed(servers):
                figures = await sessions(server, number, isinstance(system, Argusd))
                runs[system.name, number].append(figures)
    return runs
