"""What a front door costs: an offer for a session asked at its host, by way of a relay, and by a redirect.

Three real apis share a Redis: the session's holder, a door that relays and one that redirects. Each round
offers once each way, so that noise meets all of them; the media never come, so that only the answer counts.
"""

import secrets
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

import aiohttp
from yarl import URL

from argusd.api.hosts.claims import Claims
from argusd.interviewer_bridge.publish.connection import Connection
from argusd.interviewer_bridge.publish.feed import Feed
from argusd.interviewer_bridge.publish.media import synthetic
from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.http import HOST_HEADER

from ..harness import Metric, percentile
from .apis import TOKEN, running_host, until_up
from .store import Store

HOLDER = "holder"
WARM_UP = 10  # rounds
SDP = {"Content-Type": "application/sdp"}


class Asked(NamedTuple):
    """An answer to an offer, and when it was there. ``location``: absolute, where the answer has one."""

    milliseconds: float
    status: int
    host_id: str
    location: URL
    sdp: str


class Doors(NamedTuple):
    """The milliseconds of every round. ``followed``: the redirect and the offer that follows it."""

    direct: list[float]
    relayed: list[float]
    redirect: list[float]
    followed: list[float]

    @property
    def offers(self) -> int:
        """Offers that were answered by the holder."""
        return len(self.direct) + len(self.relayed) + len(self.followed)

    @property
    def metrics(self) -> dict[str, Metric]:
        """The figures."""
        direct = median(self.direct)
        return {
            "offer_direct_p50": Metric(direct, "ms", "POST /whip at the session's host"),
            "offer_direct_p95": Metric(percentile(self.direct, 95), "ms", "the same"),
            "redirect_p50": Metric(median(self.redirect), "ms", "the 307 of another host"),
            "redirect_p95": Metric(percentile(self.redirect, 95), "ms", "the same", target="<= 10"),
            "offer_followed_p50": Metric(median(self.followed), "ms", "the 307 and what follows it", direct),
            "offer_relayed_p50": Metric(
                median(self.relayed), "ms", "by a host that relays", direct, "<= direct + 5"
            ),
            "offer_relayed_p95": Metric(percentile(self.relayed, 95), "ms", "the same"),
        }


async def measure_doors(store: Store, rounds: int) -> Doors:
    """Offer so many times each way."""
    doors = Doors([], [], [], [])
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with (
            running_host(folder, HOLDER, store.socket, "redirect", media=True) as holder,
            running_host(folder, "relay", store.socket, "relay") as relay,
            running_host(folder, "redirect", store.socket, "redirect") as redirect,
            aiohttp.ClientSession(headers=bearer) as http,
            aiohttp.ClientSession() as stranger,
        ):
            await until_up(http, holder, [relay, redirect])
            offers = Offers(store, http, stranger, await offer_of_two_tracks())
            for number in range(WARM_UP + rounds):
                into = doors if number >= WARM_UP else Doors([], [], [], [])
                into.direct.append(await offers.answered(holder))
                into.relayed.append(await offers.answered(relay))
                sent, whole = await offers.redirected(redirect)
                into.redirect.append(sent)
                into.followed.append(whole)
    return doors


class Offers:
    """Offers for new sessions, each of which is the holder's beforehand; the client keeps its connections.

    ``stranger``: a client without a token, as whoever follows a redirect is one at the host it leads to.
    """

    def __init__(
        self, store: Store, http: aiohttp.ClientSession, stranger: aiohttp.ClientSession, sdp: str
    ) -> None:
        self._redis = store.redis
        self._claims = Claims(store.redis, "nobody")
        self._http = http
        self._stranger = stranger
        self._sdp = sdp

    async def answered(self, door: str) -> float:
        """The milliseconds until an offer is answered by way of this host."""
        session_id = await self._new()
        asked = await self._ask(self._http, URL(f"{door}/whip/{session_id}"))
        await self._end(session_id, asked)
        return asked.milliseconds

    async def redirected(self, door: str) -> tuple[float, float]:
        """The milliseconds until this host has sent an offer elsewhere, and until it is answered there."""
        session_id = await self._new()
        sent = await self._ask(self._http, URL(f"{door}/whip/{session_id}"))
        assert sent.status == 307, f"an offer is redirected, not answered with {sent.status}"
        asked = await self._ask(self._stranger, sent.location)
        await self._end(session_id, asked)
        return sent.milliseconds, sent.milliseconds + asked.milliseconds

    async def _new(self) -> str:
        session_id = secrets.token_hex(8)
        await self._claims.claim(session_id, only=HOLDER)
        return session_id

    async def _ask(self, http: aiohttp.ClientSession, url: URL) -> Asked:
        began = time.perf_counter()
        async with http.post(url, data=self._sdp, headers=SDP, allow_redirects=False) as response:
            text = await response.text()
            milliseconds = 1000 * (time.perf_counter() - began)
            location = response.url.join(URL(response.headers.get("Location", ""), encoded=True))
            host_id = response.headers.get(HOST_HEADER, "")
            return Asked(milliseconds, response.status, host_id, location, text)

    async def _end(self, session_id: str, asked: Asked) -> None:
        """See that the holder has answered and has stored that it did, and end what was begun."""
        assert (asked.status, asked.host_id) == (201, HOLDER), f"{asked.status} by {asked.host_id}"
        assert "a=ice-ufrag:" in asked.sdp, "the answer names a way for media"
        assert await self._redis.xlen(keys.events(session_id)) == 1, "the session connects"
        async with self._http.delete(asked.location) as response:
            assert response.status == 200, f"what was begun ends, not {response.status}"


async def offer_of_two_tracks() -> str:
    """The SDP of a real peer, which then goes away."""
    source = synthetic()
    connection = Connection([Feed(track) for track in source.tracks])
    sdp = await connection.offer()
    await connection.close()
    for track in source.tracks:
        track.stop()
    return sdp
