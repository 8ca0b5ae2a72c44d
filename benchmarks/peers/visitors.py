"""The callers of a soak: they come, do what callers do, and leave in every way that callers leave.

Each visitor is one seat: a loop of visits of random length, one after the other, until it is cancelled.
"""

import asyncio
import base64
import contextlib
import random
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import aiohttp

from argusd.interviewer_bridge.errors import BridgeError
from argusd.interviewer_bridge.events import subscribe
from argusd.scheduler.contract.events import Event

STAY_S = (5.0, 40.0)
SILENT_S = 6.0  # long enough to be noticed: the track goes stale
PICTURES_PER_S = 5.0
TASK_EVERY_S = 1.0
REFUSED = {400, 413, 422}  # what a bad picture may be answered
BUSY = {429, 503}


class Place(NamedTuple):
    """Where the visitors go, and what they bring. ``seen`` counts what happened to them."""

    url: str
    clip: Path
    fps: int
    picture: bytes
    seen: Counter[str]
    chance: random.Random


Visitor = Callable[[Place, str], Awaitable[None]]


async def interview(place: Place, session_id: str) -> None:
    """A WebRTC interview; the peer says goodbye, vanishes, falls silent, or is replaced by its second try."""
    ending = place.chance.choice(("goodbye", "vanish", "silence", "again"))
    async with publishing(place, session_id) as peer:
        await stay(place)
        if ending == "goodbye":
            peer.terminate()
            await peer.wait()
        elif ending == "silence":
            peer.send_signal(signal.SIGSTOP)
            await asyncio.sleep(SILENT_S)
        elif ending == "again":
            async with publishing(place, session_id):
                await stay(place)
    place.seen[f"interview: {ending}"] += 1
    await erase(place, session_id)


@asynccontextmanager
async def publishing(place: Place, session_id: str) -> AsyncIterator[Process]:
    """A publishing process whose media flow; it is killed at the end, if it still runs."""
    module = "argusd.benchmarks.peers.interviewee"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, place.url, session_id, str(place.clip), str(place.fps), stdout=PIPE
    )
    assert process.stdout is not None
    try:
        if await process.stdout.readline() == b"live\n":
            yield process
        else:
            raise ConnectionError("an interviewee did not get in; it said why above")
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def pictures(place: Place, session_id: str) -> None:
    """A WebSocket that sends pictures and reads what is seen in them."""
    until = asyncio.get_running_loop().time() + place.chance.uniform(*STAY_S)
    path = f"/ml/stream/{session_id}/face"
    async with aiohttp.ClientSession(place.url) as http, http.ws_connect(path) as socket:
        while asyncio.get_running_loop().time() < until:
            await socket.send_bytes(place.picture)
            with contextlib.suppress(TimeoutError):
                answer = await socket.receive(timeout=1 / PICTURES_PER_S)
                place.seen[f"stream: {answer.type.name.lower()}"] += 1
            await asyncio.sleep(1 / PICTURES_PER_S)
    await erase(place, session_id)


async def tasks(place: Place, session_id: str) -> None:
    """A service that asks for an embedding once a second; one picture in four is broken."""
    whole, broken = base64.b64encode(place.picture), base64.b64encode(place.picture[:2000])
    async with aiohttp.ClientSession(place.url) as http:
        for _ in range(place.chance.randrange(5, 30)):
            bad = place.chance.random() < 0.25
            body = {"session_id": session_id, "image_b64": (broken if bad else whole).decode()}
            async with http.post("/face/embed", json=body) as response:
                await response.read()
                expected = REFUSED if bad else {200}
                kind = "as expected" if response.status in expected | BUSY else f"wrong: {response.status}"
                place.seen[f"task: {kind}"] += 1
            await asyncio.sleep(TASK_EVERY_S)
    await erase(place, session_id)


async def reader(place: Place, session_id: str) -> None:  # noqa: ARG001  # reads everybody's events
    """Somebody who follows all events for a while and is gone without a word."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(place.chance.uniform(*STAY_S)), aclosing(subscribe(place.url)) as events:
            async for event in events:
                place.seen["event" if isinstance(event, Event) else "gap"] += 1


async def erase(place: Place, session_id: str) -> None:
    """What a careful service does when it is done with a session."""
    async with aiohttp.ClientSession(place.url) as http, http.delete(f"/sessions/{session_id}") as response:
        place.seen[f"erased: {response.status}"] += 1


async def stay(place: Place) -> None:
    """Nothing happens for a while."""
    await asyncio.sleep(place.chance.uniform(*STAY_S))


async def seat(place: Place, visitor: Visitor, name: str) -> None:
    """Visits, one after the other, for ever. A visit that fails is counted and is the last of nothing."""
    number = 0
    while True:
        number += 1
        try:
            await visitor(place, f"{name}-{number}")
        except (aiohttp.ClientError, BridgeError, OSError, TimeoutError) as error:
            place.seen[f"failed: {visitor.__name__}: {type(error).__name__}"] += 1
            await asyncio.sleep(1.0)
