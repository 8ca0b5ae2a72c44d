"""A real sender that numbers its packets over a path that loses some: what it is told of them."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiortc import RTCDtlsTransport

from argusd.benchmarks.peers.clips import opus_clip, video_clip
from argusd.benchmarks.peers.publisher import PacketTrack, Publisher
from argusd.ingest.offers.capabilities import TRANSPORT_CC

from ..waiting import LONGEST_S
from .rtp.transport_cc_reader import Told, read_feedback

EXTENSION_ID = 9
LOSES = 10  # every tenth packet
SENT = 400
TICK_NS = 250_000


class LossyPath:
    """Stands between a peer's RTP and its encryption: numbers packets, and loses every tenth of them.

    ``sent``: when each was sent, None for the lost ones. ``told``: what came back of them.
    """

    def __init__(self, dtls: RTCDtlsTransport) -> None:
        self.sent: list[float | None] = []
        self.told: list[Told] = []
        self.heard = asyncio.Event()
        self._pass_on, self._pass_back = dtls._send_rtp, dtls._handle_rtcp_data
        dtls._send_rtp = self._send  # type: ignore[method-assign]
        dtls._handle_rtcp_data = self._receive  # type: ignore[method-assign]

    async def _send(self, data: bytes) -> None:
        if 192 <= data[1] <= 208:  # RTCP
            await self._pass_on(data)
            return
        number, lost = len(self.sent), len(self.sent) % LOSES == LOSES - 1
        self.sent.append(None if lost else asyncio.get_running_loop().time())
        if not lost:
            await self._pass_on(numbered(data, number))

    async def _receive(self, data: bytes) -> None:
        if data[:2] == b"\x8f\xcd":
            self.told.append(read_feedback(data))
            self.heard.set()
        else:
            await self._pass_back(data)

    def arrivals(self) -> dict[int, int | None]:
        """What was told of each number in the end: a late packet is first told as lost."""
        found: dict[int, int | None] = {}
        for told in self.told:
            found |= {number: ticks for number, ticks in told.arrivals.items() if found.get(number) is None}
        return found


def numbered(data: bytes, number: int) -> bytes:
    """The packet with one more header extension element (RFC 8285 4.2)."""
    if not data[0] & 0x10:
        data = bytes([data[0] | 0x10]) + data[1:12] + b"\xbe\xde\0\0" + data[12:]
    element = bytes([EXTENSION_ID << 4 | 1]) + number.to_bytes(2, "big") + b"\0"
    words = int.from_bytes(data[14:16], "big") + 1
    return data[:14] + words.to_bytes(2, "big") + element + data[16:]


def asking(offer: str) -> str:
    """An offer that numbers its packets and asks for feedback on it."""
    sections = offer.split("m=")
    asked = f"a=extmap:{EXTENSION_ID} {TRANSPORT_CC}\r\na=rtcp-fb:* transport-cc\r\n"
    return "m=".join([sections[0], *(section + asked for section in sections[1:])])


@pytest.fixture
async def path(rig: Any) -> LossyPath:
    publisher = Publisher(
        [
            PacketTrack("video", video_clip("vp8", 320, 240, 30, gop=15), repeat=30),
            PacketTrack("audio", opus_clip(50), repeat=30),
        ]
    )
    answer = await rig.request("one", asking(await rig.offer(publisher)))
    path = LossyPath(publisher.peer.getSenders()[0].transport)
    await publisher.accept(answer.answer_sdp)
    return path


async def until(path: LossyPath, holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(LONGEST_S):
        while not holds():
            path.heard.clear()
            await path.heard.wait()


async def test_a_sender_is_told_exactly_what_was_lost_and_when_the_rest_came(path: LossyPath) -> None:
    await until(path, lambda: len(path.arrivals()) >= SENT)
    arrivals = path.arrivals()
    assert {number for number, ticks in arrivals.items() if ticks is None} == {
        number for number in arrivals if path.sent[number] is None
    }
    assert sorted(arrivals) == list(range(len(arrivals)))
    # Every feedback carries on where the one before ended, and counts.
    assert [told.counted for told in path.told] == list(range(len(path.told)))
    # As far apart as they were sent, but for the time that the way took.
    first, last = (number for number in (0, SENT - 2))
    apart_s = path.sent[last] - path.sent[first]  # type: ignore[operator]
    assert (arrivals[last] - arrivals[first]) * TICK_NS / 1e9 == pytest.approx(apart_s, abs=1.0)  # type: ignore[operator]


async def test_the_share_that_was_lost_is_told_of_each_track(rig: Any, path: LossyPath) -> None:
    """Before retransmission, which brings most of them after all."""
    await until(path, lambda: len(path.arrivals()) >= SENT)
    reception = (await rig.counters("video", lambda counters: counters.reception.loss > 0)).reception
    assert 0 < reception.loss < 3 / LOSES
