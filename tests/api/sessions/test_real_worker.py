"""The api with the real ingest worker and real WebRTC peers."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from argusd.interviewer_bridge.errors import PublishRefused
from argusd.interviewer_bridge.publish.media import synthetic
from argusd.interviewer_bridge.publish.publisher import Publisher

from ...ingest.offers.mutations import mutate
from ...waiting import LONGEST_S, answered
from ..fakes import FakeScheduler
from ..fixtures import SDP, RunningApi, make_config, running_ingest, running_whip

OFFERS = Path(__file__).parents[2] / "ingest" / "offers" / "printed"
REFUSALS = {"bad_offer", "malformed_body", "offer_not_sending", "too_many_tracks", "unsupported_codec"}


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[RunningApi]:
    async with running_whip(tmp_path) as api:
        yield api


async def test_a_real_peer_goes_live_and_leaves(api: RunningApi) -> None:
    async with api.events("/events") as events:
        async with Publisher(api.url, "s1", synthetic()):
            assert (await events.next())[2]["name"] == "connecting"
            assert (await events.next())[2]["name"] == "live"
            _, session = await api.json("GET", "/sessions/s1")
            assert (session["state"], session["streams"]) == ("live", ["face", "video", "audio", "lipsync"])
            assert session["worker_id"] == "ingest-0"
        _, _, closed = await events.next()
    assert (closed["name"], closed["state"], closed["data"]["worker"]) == ("closed", "end", "ingest-0")
    async with Publisher(api.url, "s1", synthetic()):
        assert (await api.json("GET", "/sessions/s1"))[1]["state"] in ("connecting", "live")


async def test_a_peer_that_was_cut_off_publishes_again_at_once(api: RunningApi) -> None:
    """Its first connection is as good as dead: nobody closes it, and the daemon does not wait for it."""
    async with Publisher(api.url, "s1", synthetic()) as first:
        await api.until("/sessions/s1", lambda body: body["state"] == "live")
        async with Publisher(api.url, "s1", synthetic(), patience_s=0.0):
            await api.until("/sessions/s1", lambda body: body["state"] == "live")
            await asyncio.wait_for(first.finished(), LONGEST_S)  # it is told
            await first.close()  # its resource is gone, what runs now is not
            assert (await api.json("GET", "/sessions/s1"))[1]["state"] == "live"
            async with api.events("/sessions/s1/events", "0") as events:
                told = [event for _, _, event in await events.take(5)]
    assert [event["name"] for event in told] == ["connecting", "live", "closed", "connecting", "live"]
    assert [event["seq"] for event in told] == [1, 2, 3, 4, 5]
    assert told[2]["data"]["reason"] == "replaced"


async def test_a_daemon_without_its_configured_address_says_so(tmp_path: Path) -> None:
    scheduler = FakeScheduler(tmp_path / "scheduler-0.sock")
    nowhere = ("203.0.113.1",)  # RFC 5737
    async with running_ingest(tmp_path, ice_addresses=nowhere), RunningApi(make_config(tmp_path)) as api:
        reason = "ingest-0 has no address to receive media at"
        await api.until("/ready", lambda body: body["reasons"] == [reason])
        with pytest.raises(PublishRefused) as caught:
            await Publisher(api.url, "s1", synthetic(), patience_s=0.0).__aenter__()
        assert (caught.value.status, caught.value.code) == (503, "no_ice_candidate")
        assert caught.value.retry_after_s == 5
        assert (await api.json("GET", "/sessions/s1"))[0] == 404
    scheduler.die()


async def test_a_bad_offer_does_not_end_what_runs(api: RunningApi) -> None:
    async with Publisher(api.url, "s1", synthetic()):
        await api.until("/sessions/s1", lambda body: body["state"] == "live")
        assert (await api.json("POST", "/whip/s1", data="this is no sdp", headers=SDP))[0] == 400
        assert (await api.json("GET", "/sessions/s1"))[1]["state"] == "live"


async def test_media_goes_on_while_the_api_restarts(api: RunningApi) -> None:
    async with Publisher(api.url, "s1", synthetic()):
        await api.until("/sessions/s1", lambda body: body["state"] == "live")
        await api.restart()
        await api.until_ready()
        frames = "ml_ingest_frames_total{kind=video,worker_id=ingest-0}"
        before = (await api.metrics())[frames]
        await answered(api.metrics, lambda samples: samples[frames] > before)
        assert (await api.json("GET", "/sessions/s1"))[1]["state"] == "live"


@pytest.mark.parametrize(
    ("offer", "status", "code"),
    [
        ("this is no sdp", 400, "bad_offer"),
        ("v=0\r\n", 400, "bad_offer"),
        ("recvonly", 422, "offer_not_sending"),
        ("two videos", 422, "too_many_tracks"),
    ],
)
async def test_a_bad_offer_is_refused_and_the_others_go_on(
    api: RunningApi, offer: str, status: int, code: str
) -> None:
    async with Publisher(api.url, "s1", synthetic()) as publisher:
        good = await publisher.connection.offer()
        if offer == "recvonly":
            offer = good.replace("a=sendonly", "a=recvonly")
        elif offer == "two videos":
            head, *media = good.split("m=")
            video = next(part for part in media if part.startswith("video"))
            offer = "m=".join([head, video, video])
        answer_status, answer = await api.json("POST", "/whip/s2", data=offer, headers=SDP)
        assert (answer_status, answer["error_code"]) == (status, code)
        await api.until("/sessions/s1", lambda body: body["state"] == "live")
    assert (await api.json("GET", "/sessions/s2"))[0] == 404


async def test_a_publisher_that_is_asked_to_comes_back_when_its_worker_does(tmp_path: Path) -> None:
    scheduler = FakeScheduler(tmp_path / "scheduler-0.sock")
    scheduler.fits_more = 1000
    async with RunningApi(make_config(tmp_path)) as api, AsyncExitStack() as publication:
        async with running_ingest(tmp_path):
            await api.until_ready()
            await publication.enter_async_context(Publisher(api.url, "s1", synthetic(), republish_s=60))
            await api.until("/sessions/s1", lambda body: body["state"] == "live")
        async with running_ingest(tmp_path), api.events("/sessions/s1/events", "0") as events:
            told = [event for _, _, event in await events.take(5)]
            await publication.aclose()
    scheduler.die()
    assert [event["name"] for event in told] == ["connecting", "live", "closed", "connecting", "live"]
    assert [event["seq"] for event in told] == [1, 2, 3, 4, 5]
    assert told[2]["data"]["reason"] == "shutdown"


async def test_a_failed_handshake_is_told_as_the_reason_of_the_end(api: RunningApi) -> None:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.addTransceiver("video", "sendonly")
    await peer.setLocalDescription(await peer.createOffer())
    offer = re.sub(r"(a=fingerprint:\S+) .*\r\n", r"\1 AA:BB\r\n", peer.localDescription.sdp)
    async with api.events("/events") as events:
        async with api.http.post("/whip/s1", data=offer, headers=SDP) as response:
            answer = await response.text()
        await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        told = [event for _, _, event in await events.take(2)]
    assert [event["name"] for event in told] == ["connecting", "closed"]
    assert told[1]["data"] == {
        "worker": "ingest-0",
        "reason": "dtls_failed",
        "detail": "the certificate is not the one of the offer's a=fingerprint",
    }
    await peer.close()


async def test_mutated_offers_get_a_201_or_a_typed_4xx(tmp_path: Path) -> None:
    offers = [path.read_text() for path in OFFERS.rglob("*.sdp")]
    dice = random.Random(1)
    scheduler = FakeScheduler(tmp_path / "scheduler-0.sock")
    config = make_config(tmp_path, whip_posts_per_minute=1_000_000)
    async with running_ingest(tmp_path), RunningApi(config) as api:
        await api.until_ready()
        seen = Counter[int]()
        for number in range(100):
            body = mutate(offers, dice).encode(errors="surrogatepass")
            async with api.http.post(f"/whip/s{number}", data=body, headers=SDP) as response:
                seen[response.status] += 1
                if response.status == 201:
                    resource = response.headers["Location"]
                    assert (await api.json("DELETE", resource))[0] == 200
                else:
                    refusal = await response.json()
                    assert refusal["error_code"] in REFUSALS, refusal
                    assert refusal["error"]
        assert set(seen) == {201, 400, 422}
        assert seen[201] > 20
        _, listed = await api.json("GET", "/sessions")
        assert {session["state"] for session in listed["sessions"]} == {"closed"}
    scheduler.die()
