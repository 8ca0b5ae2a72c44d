"""A peer that never begins ICE, one that connects and sends nothing, one that falls silent: all go."""

import asyncio
import time
from pathlib import Path

import pytest

from argusd.benchmarks.peers.clips import video_clip
from argusd.benchmarks.peers.publisher import PacketTrack, Publisher

from ..api.fixtures import SDP, EventReader, RunningApi, running_whip
from ..waiting import LONGEST_S
from .outcome import Outcome

REAPED_WITHIN_S = 12.0


@pytest.mark.fault(16, "silent peer")
async def test_silent_peers_are_reaped_and_leave_nothing(tmp_path: Path, outcome: Outcome) -> None:
    clip = video_clip("vp8", 160, 120, 30, gop=15)
    publishers = {
        "absent": Publisher([PacketTrack("video", clip)]),
        "mute": Publisher([PacketTrack("video", [])]),
        "frozen": Publisher([PacketTrack("video", clip)]),
    }
    async with running_whip(tmp_path) as api:
        async with api.events("/events") as events:
            reaped = asyncio.create_task(asyncio.wait_for(ends_of(events, len(publishers)), LONGEST_S))
            fallen_silent = {name: await publish(api, name, peer) for name, peer in publishers.items()}
            reasons, ended = await reaped
        assert reasons == {"absent": "never_connected", "mute": "never_connected", "frozen": "silent"}
        took_s = max(ended[name] - began for name, began in fallen_silent.items())
        outcome.recovered(took_s)
        outcome.took("reaped", took_s, REAPED_WITHIN_S)
        body = await api.until("/ready", lambda body: body["workers"][0]["sessions"] == 0)
        assert (body["ready"], body["workers"][0]["load"]) == (True, 0.0)
    for publisher in publishers.values():
        await publisher.close()


async def publish(api: RunningApi, name: str, publisher: Publisher) -> float:
    """Publish as this peer does; when it fell silent."""
    async with api.http.post(f"/whip/{name}", data=await publisher.offer(), headers=SDP) as response:
        assert response.status == 201
        answer = await response.text()
    began = time.monotonic()
    if name != "absent":
        await publisher.accept(answer)
    if name == "frozen":
        await api.until(f"/sessions/{name}", lambda body: body["state"] == "live")
        await api.until(f"/sessions/{name}", lambda body: body["state"] == "stale")
        return time.monotonic() - 2.0  # a session is stale after two seconds
    return began


async def ends_of(events: EventReader, count: int) -> tuple[dict[str, str], dict[str, float]]:
    """Why the sessions ended, and when."""
    reasons: dict[str, str] = {}
    ended: dict[str, float] = {}
    while len(ended) < count:
        _, _, event = await events.next()
        if event["name"] == "closed":
            reasons[event["session_id"]] = event["data"]["reason"]
            ended[event["session_id"]] = time.monotonic()
    return reasons, ended
