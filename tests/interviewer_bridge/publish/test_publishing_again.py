"""A publisher whose host is lost: other aiortc peers take its media, events tell of the loss."""

import asyncio
from collections.abc import AsyncIterator, Callable

import aioice.ice
import msgspec
import pytest
from aiohttp import web

from argusd.interviewer_bridge.publish import publisher as publishing
from argusd.interviewer_bridge.publish.media import synthetic
from argusd.interviewer_bridge.publish.publisher import Publisher
from argusd.scheduler.contract.http import HOST_HEADER

from ...ports import free_port
from ...waiting import LONGEST_S
from ..conftest import Serve
from .test_coming_back import told
from .test_publisher import WhipServer


class Cluster:
    """Hosts behind one address: each offer comes to the next one of them, each event to all who follow."""

    def __init__(self, *, says_so: bool = True) -> None:
        self.hosts: list[WhipServer] = []
        self.events: list[bytes] = []
        self.refusals: list[int] = []
        self._more = asyncio.Condition()
        self._news = asyncio.Event()
        self._headers = {HOST_HEADER: "host-1"} if says_so else {}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            return await self._tell(request)
        if request.method == "DELETE":
            return await self.hosts[-1].handle(request)
        if self.refusals:
            return web.Response(status=self.refusals.pop())
        async with self._more:
            self.hosts.append(WhipServer())
            self.hosts[-1].headers = self._headers
            self._more.notify_all()
        return await self.hosts[-1].handle(request)

    def tell(self, name: str, reason: str, seq: int) -> None:
        event = msgspec.json.encode(told(name, reason, seq))
        self.events.append(b"id: s:%d\ndata: %s\n\n" % (seq, event))
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def _tell(self, request: web.Request) -> web.StreamResponse:
        assert request.headers["Last-Event-ID"] == "41"
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        sent = 0
        while True:
            news = self._news
            while sent < len(self.events):
                await response.write(self.events[sent])
                sent += 1
            await news.wait()

    async def carries_media(self, number: int) -> None:
        async with asyncio.timeout(LONGEST_S):
            async with self._more:
                await self._more.wait_for(lambda: len(self.hosts) > number)
            await self.hosts[number].got_frame.wait()


@pytest.fixture
async def publish(serve: Serve) -> AsyncIterator[Callable[..., object]]:
    clusters: list[Cluster] = []

    async def start(cluster: Cluster, **options: float) -> Publisher:
        clusters.append(cluster)
        return Publisher(await serve(cluster.handle), "room", synthetic(), token="t0ken", **options)

    yield start
    for cluster in clusters:
        for host in cluster.hosts:
            await host.close()


@pytest.fixture(autouse=True)
def told_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "TOLD_WITHIN_S", 0.2)


async def test_a_lost_host_is_followed_by_another(publish) -> None:  # type: ignore[no-untyped-def]
    cluster = Cluster()
    async with await publish(cluster) as publisher:
        await cluster.carries_media(0)
        cluster.refusals = [502, 503]  # until the others know that the host is gone
        cluster.tell("session_lost", "host_lost", 42)
        await cluster.carries_media(1)
        assert publisher.comes_back
        assert publisher.events_after == "41"
    assert [host.requests for host in cluster.hosts] == [
        [("POST", "/whip/room")],
        [("POST", "/whip/room"), ("DELETE", "/whip/room/secret")],
    ]


async def test_a_path_that_breaks_is_made_anew(publish, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(aioice.ice, "CONSENT_INTERVAL", 0.05)
    monkeypatch.setattr(aioice.ice, "CONSENT_FAILURES", 1)
    cluster = Cluster()
    async with await publish(cluster) as publisher:
        await cluster.carries_media(0)
        for sender in cluster.hosts[0].peer.getTransceivers():
            for protocol in sender.receiver.transport.transport._connection._protocols:
                protocol.transport.abort()
        await cluster.carries_media(1)
        assert publisher.comes_back


@pytest.mark.parametrize("reason", ["replaced", "deleted"])
async def test_a_session_that_somebody_ended_is_not_taken_back(publish, reason) -> None:  # type: ignore[no-untyped-def]
    cluster = Cluster()
    async with await publish(cluster) as publisher:
        await cluster.carries_media(0)
        cluster.tell("closed", reason, 42)
        await cluster.hosts[0].peer.close()
        await asyncio.wait_for(publisher.finished(), LONGEST_S)
        assert not publisher.comes_back
    assert len(cluster.hosts) == 1


@pytest.mark.parametrize(
    ("says_so", "republish_s", "hosts"),
    [
        pytest.param(False, None, 1, id="the only daemon: as ever"),
        pytest.param(False, 30.0, 2, id="the only daemon, which may come back"),
        pytest.param(True, 0.0, 1, id="one of several, and somebody else cares"),
    ],
)
async def test_who_publishes_again(publish, says_so, republish_s, hosts) -> None:  # type: ignore[no-untyped-def]
    cluster = Cluster(says_so=says_so)
    async with await publish(cluster, republish_s=republish_s) as publisher:
        await cluster.carries_media(0)
        cluster.tell("session_lost", "worker_lost", 42)
        await cluster.hosts[0].close()
        if hosts == 1:
            await asyncio.wait_for(publisher.finished(), LONGEST_S)
        await cluster.carries_media(hosts - 1)
    assert len(cluster.hosts) == hosts


async def test_it_gives_up_in_time(publish) -> None:  # type: ignore[no-untyped-def]
    cluster = Cluster()
    async with await publish(cluster, republish_s=0.5) as publisher:
        await cluster.carries_media(0)
        cluster.refusals = [503] * 100
        cluster.tell("session_lost", "host_lost", 42)
        await asyncio.wait_for(publisher.finished(), LONGEST_S)
        assert publisher.lost
        assert not publisher.comes_back
    assert len(cluster.hosts) == 1


async def test_another_host_of_the_list_is_asked_where_one_is_away(serve: Serve) -> None:
    cluster = Cluster()
    urls = f"http://127.0.0.1:{free_port()},{await serve(cluster.handle)}"
    async with Publisher(urls, "room", synthetic(), token="t0ken"):
        await cluster.carries_media(0)
    await cluster.hosts[0].close()
