"""Senders who were let in and then lie: what they send is counted, their session goes on, others' as well."""

import asyncio
import struct
from typing import Any

from aiortc.rtp import RtcpByePacket, RtcpSenderInfo, RtcpSrPacket, is_rtcp

from argusd.benchmarks.peers.clips import video_clip
from argusd.benchmarks.peers.impaired_path import Address, ImpairedPath, without_candidates
from argusd.benchmarks.peers.publisher import PacketTrack, Publisher
from argusd.ingest.ipc.messages import SessionAnswer, SessionState, TrackOpened

from ..waiting import LONGEST_S
from .attacks import CLOSE_NOTIFY, FATAL_ALERT, binding, client_hello, fragments

VP8 = 97
BYES_FOR_S = 1.2  # two looks at the session, at least
TRIES = 300


class Liar:
    """A publisher who sees its packets before they are encrypted and after, and sends others between."""

    def __init__(self) -> None:
        self.publisher = Publisher([PacketTrack("video", video_clip("vp8", 160, 120, 30, gop=15), repeat=20)])
        self.encrypted: list[bytes] = []
        self.ssrc = 0
        self.number = 0

    async def publish(self, rig: Any, session_id: str = "one") -> int:
        """Begin, and wait for the first pictures; returns the ring's place."""
        await rig.publish(session_id, self.publisher)
        self._dtls = self.publisher.peer.getSenders()[0].transport
        send, self._send = self._dtls._send_rtp, self._dtls.transport._send

        async def note(data: bytes) -> None:
            if not is_rtcp(data):
                self.number, self.ssrc = int.from_bytes(data[2:4], "big"), int.from_bytes(data[8:12], "big")
            await send(data)

        async def keep(data: bytes) -> None:
            self.encrypted.append(data)
            await self._send(data)

        self._dtls._send_rtp = note  # type: ignore[method-assign]
        self._dtls.transport._send = keep
        self.say = send
        place: int = (await rig.opened("video")).place
        await rig.written(place, 10)
        return place

    async def throw(self, datagram: bytes) -> None:
        """Send something that is not encrypted, from where the media come."""
        await self._send(datagram)


async def goes_on(rig: Any, place: int) -> None:
    """More pictures come, and meanwhile the session does not end."""
    head = int(rig.view.table[place, 6])
    await rig.written(place, head + 10)
    for message in drained(rig.controller):
        assert not (isinstance(message, SessionState) and message.state == "closed"), message


async def test_packets_that_are_sent_again_as_they_were_are_refused(rig: Any) -> None:
    liar = Liar()
    place = await liar.publish(rig)
    await rig.written(place, 30)
    media = [data for data in liar.encrypted if not is_rtcp(data)]
    for number in range(TRIES):
        await liar.throw(media[number % len(media)])
    await rig.counters("video", lambda c: c.dropped.get("srtp_refused_packet", 0) == TRIES)
    await goes_on(rig, place)


async def test_who_says_goodbye_and_goes_on_is_not_gone(rig: Any) -> None:
    liar = Liar()
    place = await liar.publish(rig)
    async with asyncio.timeout(LONGEST_S):
        until = asyncio.get_running_loop().time() + BYES_FOR_S
        while asyncio.get_running_loop().time() < until:
            await liar.say(bytes(RtcpByePacket([liar.ssrc])))
            await asyncio.sleep(0.02)
    await goes_on(rig, place)


CLOCKS = (0, 1, 1 << 32, (1 << 64) - 1, 2_208_988_800 << 32, 4_000_000_000 << 32)


async def test_clocks_that_leap_leave_pictures_with_some_time_or_none(rig: Any) -> None:
    liar = Liar()
    place = await liar.publish(rig)
    for ntp in CLOCKS:
        for timestamp in (0, 1, 0x7FFFFFFF, 0xFFFFFFFF):
            await liar.say(bytes(RtcpSrPacket(liar.ssrc, RtcpSenderInfo(ntp, timestamp, 1, 1))))
    await goes_on(rig, place)


async def test_timestamps_that_leap_between_old_numbers_harm_nobody_else(rig: Any) -> None:
    liar = Liar()
    await rig.publish("other", Publisher([PacketTrack("video", video_clip("vp8", 64, 48, 30), repeat=20)]))
    other = (await rig.opened("video")).place
    await liar.publish(rig)
    newest, timestamp = liar.number, 0
    for step in range(200):
        timestamp = timestamp + 0x7FFFFFFF & 0xFFFFFFFF
        old = newest - 200 - step & 0xFFFF
        await liar.say(struct.pack("!BBHLL", 0x80, VP8, old, timestamp, liar.ssrc) + b"\x10" + bytes(10))
    for _ in range(2):  # reports are made once a second
        await rig.counters("video", lambda c: c.session_id == "other")
    await goes_on(rig, other)


MALFORMED = {
    "blocks that are not there": b"\x9f\xc8\0\x01" + bytes(4),
    "a length beyond the packet": b"\x80\xc8\xff\xff" + bytes(24),
    "sources that are not there": b"\x9f\xcb\0\x01" + bytes(4),
    "descriptions that are not there": b"\x9f\xca\0\x01" + bytes(4),
    "an item beyond its chunk": b"\x81\xca\0\x02" + bytes(4) + b"\x01\xffab",
    "padding beyond the packet": b"\xa0\xc9\0\x01" + b"\0\0\0\xff",
}


async def test_reports_with_counts_that_are_not_true_are_counted(rig: Any) -> None:
    liar = Liar()
    place = await liar.publish(rig)
    for _ in range(10):
        for data in MALFORMED.values():
            await liar.say(data)
    await rig.counters("video", lambda c: c.dropped.get("malformed_packet", 0) == 10 * len(MALFORMED))
    await goes_on(rig, place)


def plaintext() -> dict[str, list[bytes]]:
    hello = client_hello()
    return {
        "alerts": [FATAL_ALERT, CLOSE_NOTIFY],
        "a hello": [hello],
        "a hello in small fragments": fragments(hello, 1),
        "records of no kind": [b"\x3f\xfe\xfd" + b"\xff" * 200, b"\x17\xfe\xfd\xff\xff" + b"\xff" * 1000],
        "alerts of the next epoch": [b"\x15\xfe\xfd\0\x01" + bytes(6) + b"\x00\x20" + bytes(32)],
    }


async def test_plaintext_from_where_the_media_come_ends_nothing(rig: Any) -> None:
    liar = Liar()
    place = await liar.publish(rig)
    for datagrams in plaintext().values():
        for number in range(TRIES):
            await liar.throw(datagrams[number % len(datagrams)])
            if number % 20 == 0:
                await asyncio.sleep(0.005)
        await goes_on(rig, place)


async def test_packets_larger_than_any_network_carries_are_counted(rig: Any) -> None:
    liar = Liar()
    place = await liar.publish(rig)
    for _ in range(20):
        await liar.throw(b"\x80" + bytes(60_000))
        await asyncio.sleep(0.002)
    await rig.counters("video", lambda c: c.dropped.get("malformed_packet", 0) == 20)
    await goes_on(rig, place)


async def test_pictures_of_ever_another_size_take_few_rings(rig: Any) -> None:
    sizes = [video_clip("vp8", *size, 1)[0] for size in ((16, 16), (32, 16))]
    await rig.publish("one", Publisher([PacketTrack("video", sizes, repeat=500, fps=300)]))
    counters = await rig.counters("video", lambda c: c.frames > 100)
    opened = [each for each in drained(rig.reader) if isinstance(each, TrackOpened)]
    assert len(opened) < 20
    assert counters.dropped["resized"] > 100 - len(opened)


def drained(client: Any) -> list[Any]:
    """What came to a client and was not looked at yet."""
    return [client._inbox.get_nowait() for _ in range(client._inbox.qsize())]


class Meddler(ImpairedPath):
    """Answers the worker's checks before the publisher does, with what it does not know how to sign."""

    forged = 0

    def _from_worker(self, data: bytes, address: Address) -> None:
        if data[:2] == b"\0\x01":  # a check
            for kind, code in ((0x0111, 400), (0x0111, 401), (0x0111, 487), (0x0101, 0)):
                answer = bytearray(binding("", code=code))
                answer[:2], answer[8:20] = kind.to_bytes(2, "big"), data[8:20]
                self._far.sendto(resigned(bytes(answer)))
                self.forged += 1
        super()._from_worker(data, address)


def resigned(message: bytes) -> bytes:
    """Without the fingerprint, which is a checksum of what was changed."""
    return message[:2] + (len(message) - 28).to_bytes(2, "big") + message[4:-8]


async def test_answers_that_are_not_signed_decide_nothing(rig: Any) -> None:
    liar, path = Publisher([PacketTrack("video", video_clip("vp8", 160, 120, 30), repeat=20)]), Meddler()
    answer = await rig.request("one", without_candidates(await rig.offer(liar)))
    assert isinstance(answer, SessionAnswer)
    await liar.accept(await path.open(answer.answer_sdp))
    place = (await rig.opened("video")).place
    await goes_on(rig, place)
    assert path.forged
    counters = await rig.counters("video", lambda c: bool(c.dropped))
    assert counters.dropped.keys() == {"unauthentic_stun"}
    path.close()
