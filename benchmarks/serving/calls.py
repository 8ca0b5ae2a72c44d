"""Live sessions by WebRTC: publishers that play an encoded clip, and how old each event about it is.

An event's age counts from when what it is about was due to be sent; of sound that is when the last sample of
its window was spoken, and a packet waits for its own last one. Events tell only of some looks (the daemon
tells of ``OBSERVATIONS`` a second and stream), so how many there were is the daemon's own count.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

import aiohttp

from argusd.interviewer_bridge.publish.media import Source
from argusd.interviewer_bridge.publish.publisher import Publisher
from argusd.scheduler.contract.events import Event
from argusd.scheduler.contract.roles import FACE_DETECTOR, FACE_MESH, OBJECT_DETECTOR, VAD

from ..peers.clips import OPUS_CLOCKS, opus_clip
from ..peers.portrait import CLIP_SECONDS, FPS, MANY
from ..peers.publisher import AUDIO_CLOCK, VIDEO_CLOCK, PacketTrack
from ..rigs.daemon import observed, served
from .interviews import POLICY, RATES, WINDOW_S, Figures, StreamFigures, summary, usable
from .server import Server

OBSERVATIONS = 2.0
ROLES = {"face": (FACE_DETECTOR, FACE_MESH), "video": (OBJECT_DETECTOR,), "audio": (VAD,)}
PACKET_S = OPUS_CLOCKS / AUDIO_CLOCK
KIND = {"face": "video", "video": "video", "audio": "audio"}
STEP_S = {"video": 1 / FPS, "audio": PACKET_S}
CLOCK = {"video": VIDEO_CLOCK, "audio": AUDIO_CLOCK}
EARLY = 0.05  # of a step: what is captured is captured no earlier than it is due, but for this


class Told(NamedTuple):
    """An event, and when it came."""

    at: float
    event: Event


class Call:
    """One session's publisher; ``senders``: aiortc's, by kind, while it is published."""

    senders: Mapping[str, Any]

    def __init__(self, url: str, session_id: str, clip: Sequence[bytes]) -> None:
        self._url = url
        self._session_id = session_id
        self.tracks = {
            "video": PacketTrack("video", clip, repeat=MANY, fps=FPS),
            "audio": PacketTrack("audio", opus_clip(50 * CLIP_SECONDS), repeat=MANY),
        }

    @asynccontextmanager
    async def published(self) -> AsyncIterator[None]:
        """For the time of the context."""
        publisher = Publisher(self._url, self._session_id, Source(self.tracks["video"], self.tracks["audio"]))
        async with publisher:
            self.senders = {sender.track.kind: sender for sender in publisher.connection.peer.getSenders()}
            yield

    def sent(self, domain: str, told: Sequence[Told]) -> list[float]:
        """When what each of a stream's events is about was due (monotonic seconds)."""
        kind = KIND[domain]
        start, step = self.tracks[kind].started, STEP_S[kind]
        wall = time.time() - time.monotonic()
        if told and "rtp" in told[0].event.data:
            origin = self._origin(kind)
            since = [((each.event.data["rtp"] - origin) & 0xFFFFFFFF) / CLOCK[kind] for each in told]
        else:
            since = [self._since(each.event, wall + start, step) for each in told]
        spoken = WINDOW_S - PACKET_S if kind == "audio" else 0.0
        return [start + at + spoken for at in since]

    @staticmethod
    def _since(event: Event, start: float, step: float) -> float:
        """Seconds from the first packet's to what the event is about, by the daemon's two clocks.

        Its media time begins with the first packet that it received; the capture time says which one that
        was, late by what the sender was when it told the time.
        """
        media: float = event.data["media_s"]
        return ((event.captured_at - start - media) / step + EARLY) // 1 * step + media

    def _origin(self, kind: str) -> int:
        """The RTP timestamp of the first packet: aiortc draws it, and remembers the newest one's."""
        track = self.tracks[kind]
        newest: int = self.senders[kind]._RTCRtpSender__rtp_timestamp
        return newest - (track.sent - 1) * track.step


async def calls(
    server: Server,
    sessions: int,
    seconds: float,
    warm_up_s: float,
    clip: Sequence[bytes],
    ours: bool,
    run: str,
) -> Figures:
    """So many sessions, watched for ``seconds`` after ``warm_up_s``."""
    made = {f"{run}-{number}": Call(server.url, f"{run}-{number}", clip) for number in range(sessions)}
    told: list[Told] = []
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession(server.url))
        reader = asyncio.create_task(_read(server.url, told))
        for name, call in made.items():
            if ours:
                await stack.enter_async_context(_session(http, name))
            await stack.enter_async_context(call.published())
        await asyncio.sleep(warm_up_s)
        begin, cpu, own = time.monotonic(), server.cpu_seconds(), time.process_time()
        before = await served(http) if ours else {}
        await asyncio.sleep(seconds)
        end = time.monotonic()
        cores = (server.cpu_seconds() - cpu) / (end - begin)
        client = (time.process_time() - own) / (end - begin)
        after = await served(http) if ours else {}
        memory = server.memory()
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
        seen = [each for each in told if begin <= each.at < end and each.event.session_id in made]
        looks = {role: after[role] - before[role] for role in after} if ours else {}
        streams = {domain: _figures(domain, seen, made, begin, end, looks) for domain in RATES}
    return Figures(
        sessions,
        streams,
        cores,
        client,
        memory,
        int(sum(looks.values())) or len(seen),
        sum(not usable(each.event.stream, each.event.data) for each in seen),
    )


def _figures(
    domain: str,
    told: Sequence[Told],
    made: dict[str, Call],
    begin: float,
    end: float,
    looks: dict[str, float],
) -> StreamFigures:
    mine: dict[str, list[Told]] = defaultdict(list)
    for each in told:
        if each.event.stream == domain:
            mine[each.event.session_id].append(each)
    ages = [
        [
            (each.at, each.at - sent)
            for each, sent in zip(mine[name], call.sent(domain, mine[name]), strict=True)
        ]
        for name, call in made.items()
    ]
    least = min((looks[role] for role in ROLES[domain]), default=0.0) if looks else sum(map(len, ages))
    wanted = RATES[domain] * len(made) * (end - begin)
    return summary(ages, [age for each in ages for _, age in each], min(1.0, least / wanted), begin, end)


async def _read(url: str, told: list[Told]) -> None:
    async for event in observed(url):
        told.append(Told(time.monotonic(), event))  # noqa: PERF401 (when it came)


@asynccontextmanager
async def _session(http: aiohttp.ClientSession, name: str) -> AsyncIterator[None]:
    policy = {**POLICY, "rates": {**POLICY["rates"], "observations": OBSERVATIONS}}
    async with http.put(f"/sessions/{name}", json={"policy": policy}) as response:
        response.raise_for_status()
    yield
    async with http.delete(f"/sessions/{name}") as response:
        response.raise_for_status()
