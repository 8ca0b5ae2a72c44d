"""Findings over a real socket."""

import asyncio
import socket
from typing import Any

import msgspec
import pytest

from argusd.ingest.ipc.channel import Channel
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import (
    Finding,
    FindingsAck,
    FromScheduler,
    Latest,
    SchedulerStats,
    SessionPolicy,
)
from argusd.scheduler.core import Moment, Outcome
from argusd.scheduler.loaded.loaded_vision import LoadedVisionModel
from argusd.scheduler.media.tracks import Track
from argusd.scheduler.planning.curve import BatchCurve
from argusd.scheduler.report.delivery import Delivery
from argusd.scheduler.sessions.session_stream import LATEST_INTERVAL_S, DemandRow, SessionStream

from ...waiting import LONGEST_S
from ..fakes import ALICE, ArenaWithTracks, FakeEngine, FakeStream, FakeVision

AT = Moment(media_s=1.5, captured_at=1_700_000_000.0, frame_age_ms=20.0, skipped=2)
SEEN = Outcome("violation", "face_absent", "start", 0.9, "critical", {"value": 1})

STATS = SchedulerStats("boot-1", "cpu", [], {}, 0, 1.0, {}, {}, {}, {}, {})


class Api:
    """The api's end of a connection."""

    def __init__(self, delivery: Delivery) -> None:
        ours, theirs = socket.socketpair()
        self.heard: asyncio.Queue[Any] = asyncio.Queue()
        self.said: asyncio.Queue[Any] = asyncio.Queue()
        self.channel = Channel[Any](ours, FromScheduler, self._hear)
        delivery.connect(theirs, self.said.put_nowait, STATS)

    def _hear(self, message: Any) -> None:
        if message != STATS:
            self.heard.put_nowait(message)

    async def next(self) -> Any:
        return await asyncio.wait_for(self.heard.get(), LONGEST_S)


@pytest.fixture
def delivery() -> Delivery:
    return Delivery("boot-1", findings_kept=100, clock=lambda: 0.0)


async def test_a_finding_carries_its_outcome_its_moment_and_a_number(delivery: Delivery) -> None:
    api = Api(delivery)
    delivery.finding(ALICE, "face", SEEN, AT)
    assert await api.next() == Finding(
        boot="boot-1",
        number=1,
        media=ALICE,
        type="violation",
        stream="face",
        name="face_absent",
        state="start",
        severity="critical",
        confidence=0.9,
        captured_at=1_700_000_000.0,
        media_s=1.5,
        frame_age_ms=20.0,
        data={"value": 1},
    )
    api.channel.close()


async def test_what_was_not_acknowledged_is_sent_again_to_who_connects_next(delivery: Delivery) -> None:
    api = Api(delivery)
    for _ in range(3):
        delivery.finding(ALICE, "face", SEEN, AT)
    assert [(await api.next()).number for _ in range(3)] == [1, 2, 3]
    delivery.acknowledged(FindingsAck("boot-1", 1))
    delivery.acknowledged(FindingsAck("an earlier boot", 3))
    api.channel.close()
    delivery.finding(ALICE, "face", SEEN, AT)
    again = Api(delivery)
    assert [(await again.next()).number for _ in range(3)] == [2, 3, 4]
    again.channel.close()


async def test_what_the_api_says_arrives(delivery: Delivery) -> None:
    api = Api(delivery)
    api.channel.send(SessionPolicy(ALICE, ["face"]))
    assert await asyncio.wait_for(api.said.get(), LONGEST_S) == SessionPolicy(ALICE, ["face"])
    api.channel.close()


def looking() -> SessionStream:
    """A stream with one row."""
    stream = SessionStream(ALICE, FakeStream("face", {}), {})
    detector = LoadedVisionModel(FakeVision(), FakeEngine(), BatchCurve(sizes=[1], seconds=[0.001]))
    track = Track(ALICE, ArenaWithTracks().frames()[1])
    feed = detector.open("face_detector", {"video": track}, 1.0)
    stream.rows.append(DemandRow(0, stream, "face_detector", detector, feed))
    return stream


async def test_the_latest_result_is_sent_at_most_every_quarter_second() -> None:
    now = [100.0]
    delivery = Delivery("b", findings_kept=10, clock=lambda: now[0])
    api = Api(delivery)
    stream = looking()
    delivery.latest(stream, AT)
    delivery.latest(stream, AT)
    now[0] += LATEST_INTERVAL_S
    delivery.latest(stream, AT)
    first, second = await api.next(), await api.next()
    assert first == Latest(
        media=ALICE,
        stream="face",
        captured_at=1_700_000_000.0,
        frame_age_ms=20.0,
        skipped=2,
        models={"face_detector": "fake_vision"},
        data={"absorbed": 0},
    )
    assert second.skipped == 4, "frames passed over add up between two of them"
    assert api.heard.empty()
    api.channel.close()


async def test_a_result_in_which_a_violation_begins_is_sent_at_once() -> None:
    delivery = Delivery("b", findings_kept=10, clock=lambda: 100.0)
    api = Api(delivery)
    stream = looking()
    delivery.latest(stream, AT)
    stream.found([Outcome("observation", "face", "update", 1.0)])
    delivery.latest(stream, AT)
    stream.found([SEEN])
    later = msgspec.structs.replace(AT, captured_at=AT.captured_at + 0.1)
    delivery.latest(stream, later)
    assert [(await api.next()).captured_at for _ in range(2)] == [AT.captured_at, later.captured_at]
    assert api.heard.empty()
    api.channel.close()


async def test_who_waits_for_every_look_is_told_of_every_look(delivery: Delivery) -> None:
    api = Api(delivery)
    stream = SessionStream(MediaKey("alice", "face"), FakeStream("face", {}), {})
    stream.every_look = True
    for _ in range(3):
        delivery.latest(stream, AT)
    assert [(await api.next()).skipped for _ in range(3)] == [2, 2, 2]
    api.channel.close()


async def test_nobody_listening_costs_nothing_but_what_is_kept(delivery: Delivery) -> None:
    delivery.finding(ALICE, "face", SEEN, AT)
    assert len(delivery.outbox) == 1


async def test_who_we_are_is_said_before_what_we_found(delivery: Delivery) -> None:
    delivery.finding(ALICE, "face", SEEN, AT)
    ours, theirs = socket.socketpair()
    heard: asyncio.Queue[Any] = asyncio.Queue()
    api = Channel[Any](ours, FromScheduler, heard.put_nowait)
    delivery.connect(theirs, lambda _: None, STATS)
    assert [await asyncio.wait_for(heard.get(), LONGEST_S) for _ in range(2)] == [STATS, *delivery.outbox]
    api.close()
    delivery.close()
