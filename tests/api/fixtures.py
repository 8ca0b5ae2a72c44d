"""A running api with fakes at its sockets, and how tests talk to it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import aiohttp
import msgspec
from prometheus_client.parser import text_string_to_metric_families

from argusd.api import app
from argusd.api.config import ApiConfig, ClusterConfig
from argusd.ingest.config import IngestConfig
from argusd.ingest.process import run_worker

from ..ports import free_port
from ..waiting import LONGEST_S, answered
from .fakes import FakeScheduler, FakeWorker

OFFER = """v=0
o=- 46117317 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=ice-options:trickle
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=mid:0
a=sendonly
a=rtcp-mux
a=rtcp-mux-only
a=ice-ufrag:abcd
a=ice-pwd:0123456789abcdefghijklmn
a=fingerprint:sha-256 {digest}
a=setup:actpass
a=rtpmap:111 opus/48000/2
m=video 9 UDP/TLS/RTP/SAVPF 96
c=IN IP4 0.0.0.0
a=mid:1
a=sendonly
a=rtcp-mux
a=rtcp-mux-only
a=ice-ufrag:abcd
a=ice-pwd:0123456789abcdefghijklmn
a=fingerprint:sha-256 {digest}
a=setup:actpass
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 nack pli
""".format(digest=":".join(32 * ["AB"])).replace("\n", "\r\n")
SDP = {"Content-Type": "application/sdp"}


def make_config(directory: Path, **changes: Any) -> ApiConfig:
    fields = {"runtime_dir": directory, "state_dir": directory / "state", "port": free_port(), **changes}
    return ApiConfig(**fields)


def one_of_several(host_id: str, redis_url: str, whip: Any = "redirect") -> dict[str, Any]:
    """Settings of an api that shares a Redis with others."""
    port = free_port()
    cluster = ClusterConfig(url=f"http://127.0.0.1:{port}", host_id=host_id, whip=whip)
    return {"port": port, "redis_url": redis_url, "cluster": cluster}


def name(metric: str, labels: dict[str, str]) -> str:
    inside = ",".join(f"{label}={value}" for label, value in sorted(labels.items()))
    return f"{metric}{{{inside}}}" if inside else metric


class RunningApi:
    """The real thing: ``run_api`` in a task, real Redis, a real port."""

    def __init__(self, config: ApiConfig) -> None:
        self.config = config
        self.url = f"http://127.0.0.1:{config.port}"
        self.stop = asyncio.Event()

    async def open(self) -> None:
        self.stop.clear()
        ready = asyncio.Event()
        self._task = asyncio.create_task(app.run_api(self.config, self.stop, ready.set))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait([self._task, waiting], return_when="FIRST_COMPLETED")
        waiting.cancel()
        if self._task.done():
            self._task.result()
        self.connect()

    def connect(self) -> None:
        self.http = aiohttp.ClientSession(self.url)

    async def close(self) -> None:
        self.stop.set()
        await self.http.close()
        await self._task

    async def kill(self) -> None:
        """End it where it stands: it stores and tells nothing more."""
        await self.http.close()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def restart(self) -> None:
        await self.close()
        await self.open()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def json(self, method: str, path: str, **request: Any) -> tuple[int, Any]:
        async with self.http.request(method, path, **request) as response:
            body = await response.read()
            is_json = response.content_type == "application/json"
            return response.status, msgspec.json.decode(body) if is_json else body

    async def publish(self, session_id: str) -> str:
        """Publish and return the resource's path."""
        async with self.http.post(f"/whip/{session_id}", data=OFFER, headers=SDP) as response:
            assert response.status == 201, await response.text()
            return response.headers["Location"]

    async def until_ready(self) -> None:
        """Return once the api has heard of its peers."""
        await self.until("/ready", lambda body: bool(body["ready"]))

    async def until(self, path: str, condition: Callable[[Any], bool]) -> Any:
        """Ask until the answer is as wanted; returns it."""

        async def ask() -> Any:
            return (await self.json("GET", path))[1]

        return await answered(ask, condition)

    async def metrics(self) -> dict[str, float]:
        """Every sample of ``/metrics``: ``name{label=value,…}`` to its value."""
        async with self.http.get("/metrics") as response:
            families = text_string_to_metric_families(await response.text())
        return {
            name(sample.name, sample.labels): sample.value for each in families for sample in each.samples
        }

    async def until_metric(self, name: str, value: float) -> None:
        await answered(self.metrics, lambda samples: samples[name] == value)

    @contextlib.asynccontextmanager
    async def events(self, path: str, last_event_id: str = "") -> AsyncIterator["EventReader"]:
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        async with self.http.get(path, headers=headers) as response:
            assert response.status == 200, await response.text()
            reader = EventReader(response)
            await reader.next_block()  # the retry line: the stream is open
            yield reader


@contextlib.asynccontextmanager
async def running_ingest(runtime_dir: Path, **settings: Any) -> AsyncIterator[None]:
    """A real ingest worker."""
    stop, ready = asyncio.Event(), asyncio.Event()
    config = IngestConfig(runtime_dir=runtime_dir, **({"arena_mib": 32} | settings))
    task = asyncio.create_task(run_worker(config, stop, ready.set))
    await asyncio.wait_for(ready.wait(), LONGEST_S)
    try:
        yield
    finally:
        stop.set()
        await task


@contextlib.asynccontextmanager
async def running_whip(
    directory: Path, ingest: Mapping[str, Any] = MappingProxyType({}), **changes: Any
) -> AsyncIterator[RunningApi]:
    """An api with a real ingest worker, and a fake scheduler that promises much."""
    scheduler = FakeScheduler(directory / "scheduler-0.sock")
    scheduler.fits_more = 1000
    try:
        async with running_ingest(directory, **ingest), RunningApi(make_config(directory, **changes)) as api:
            await api.until_ready()
            yield api
    finally:
        scheduler.die()


class EventReader:
    """Reads server-sent events: ``(id, kind, data)``."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def next_block(self) -> dict[str, str]:
        block: dict[str, str] = {}
        while line := (await self._response.content.readline()).decode().rstrip("\n"):
            name, _, value = line.partition(": ")
            block[name] = value
        return block

    async def next(self) -> tuple[str, str, Any]:
        while "data" not in (block := await self.next_block()):
            if not block and self._response.content.at_eof():
                raise EOFError
        return block["id"], block.get("event", ""), msgspec.json.decode(block["data"])

    async def drain(self) -> None:
        """Read until the stream ends."""
        await self._response.content.read()

    async def take(self, count: int) -> list[tuple[str, str, Any]]:
        return [await self.next() for _ in range(count)]


class Rig:
    """An api together with one fake ingest worker and a fake scheduler."""

    api: RunningApi

    def __init__(self, worker: FakeWorker, scheduler: FakeScheduler) -> None:
        self.worker = worker
        self.scheduler = scheduler


@contextlib.asynccontextmanager
async def running_rig(directory: Path, **changes: Any) -> AsyncIterator[Rig]:
    rig = Rig(FakeWorker(directory / "ingest-0.sock"), FakeScheduler(directory / "scheduler-0.sock"))
    try:
        async with RunningApi(make_config(directory, **changes)) as api:
            rig.api = api
            if not api.config.tokens:
                await api.until_ready()
            yield rig
    finally:
        rig.worker.die()
        rig.scheduler.die()
