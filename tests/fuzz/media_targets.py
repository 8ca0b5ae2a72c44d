"""Datagrams and what is in them: STUN and whatever else comes to a socket, RTP, RTCP, frames, slots."""

import asyncio
import struct
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

import numpy as np
from aioice import stun
from aiortc.rtp import RtcpByePacket, RtcpPacket, RtcpSenderInfo, RtcpSrPacket

from argusd.benchmarks.peers.clips import opus_clip, video_clip
from argusd.ingest.audio import AudioReceiver
from argusd.ingest.codecs.codec import VIDEO_CODECS
from argusd.ingest.decoding.decoder import DecodeJob, VideoDecoder
from argusd.ingest.decoding.picture_limit import PictureLimit
from argusd.ingest.offers.simulcast import Layers
from argusd.ingest.rtp.bandwidth import BandwidthEstimator
from argusd.ingest.rtp.feedback import Feedback as SentFeedback
from argusd.ingest.rtp.gate import KeyframeGate
from argusd.ingest.rtp.layers import Retransmissions
from argusd.ingest.rtp.packets import RtpPacket
from argusd.ingest.shm.arena import HEAD, Arena, ArenaView, ring_word
from argusd.ingest.shm.frame import INFO_OFFSET, i420_info, pack_info
from argusd.ingest.shm.ring import FrameReader, FrameRing
from argusd.ingest.shm.sink import FrameSink, PcmSink
from argusd.ingest.transport import MediaTransport
from argusd.ingest.video import VideoReceiver

from ..ingest.offers.test_answer import LIMITS
from ..ingest.test_guard import FRIEND, OURS, PASSWORD, STRANGER, Gate, authentic_check, binding
from ..ingest.test_transport import OPUS, PAYLOADS, RTX, VP8, Dtls, PlainSrtp, numbered, rtp
from ..ingest.test_transport import Path as MediaPath
from ..ingest.test_video import Decoder, Feedback, Line
from .target import fuzzes, joined, pieces

LOOP = asyncio.new_event_loop()
ARENA = Arena(1 << 20)
ASKED = b"transaction."  # 12 bytes


def in_loop(case: Callable[[bytes], Coroutine[Any, Any, None]]) -> Callable[[bytes], None]:
    """A target that needs a running loop."""
    return lambda data: LOOP.run_until_complete(case(data))


def datagram_seeds() -> list[bytes]:
    async def checks() -> list[bytes]:
        authentic = authentic_check(Gate().connection)
        return [authentic, binding(f"{OURS}:them"), binding("some:body"), answer()]

    def answer() -> bytes:
        message = stun.Message(
            message_method=stun.Method.BINDING, message_class=stun.Class.RESPONSE, transaction_id=ASKED
        )
        message.attributes["XOR-MAPPED-ADDRESS"] = FRIEND
        message.add_message_integrity(PASSWORD.encode())
        return bytes(message)

    hello = b"\x16\xfe\xff\0\0\0\0\0\0\0\0\0\x10\x01" + bytes(60)
    return [*LOOP.run_until_complete(checks()), hello, rtp(VP8, 1, b"\x10\x01")]


@fuzzes("datagram", datagram_seeds)
@in_loop
async def datagram(data: bytes) -> None:
    for source in (FRIEND, STRANGER):
        gate = Gate()
        gate.verify_friend()
        gate.guard.datagram_received(data, source)
        assert "faulty_datagram" not in gate.dropped
        unused = gate.dropped.total() - gate.dropped["unauthentic_stun"]
        assert len(gate.media) + len(gate.stun) + gate.dtls + unused == 1


def signed(message: bytes) -> bytes:
    """The same from somebody who knows the password."""
    head, body = message[:2].ljust(2, b"\0"), message[20 : 20 + (len(message) - 20) // 4 * 4]
    tail = stun.COOKIE.to_bytes(4, "big") + message[8:20].ljust(12, b"\0") + body
    length = len(body) + stun.INTEGRITY_LENGTH
    unsigned = head + length.to_bytes(2, "big") + tail
    return unsigned + b"\0\x08\0\x14" + stun.message_integrity(unsigned, PASSWORD.encode())


@fuzzes("stun", datagram_seeds)
@in_loop
async def stun_message(data: bytes) -> None:
    """What aioice makes of it, a check of its own being under way."""
    gate = Gate()
    gate.connect_friend()
    request = stun.Message(
        message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST, transaction_id=ASKED
    )
    asking = asyncio.ensure_future(gate.guard.request(request, FRIEND, PASSWORD.encode()))
    await asyncio.sleep(0)
    for message in (data, signed(data)):
        for source in (FRIEND, STRANGER):
            gate.guard.datagram_received(message, source)
            await asyncio.sleep(0)
    assert "faulty_datagram" not in gate.dropped
    asking.cancel()
    gate.connection._protocols.clear()
    await asyncio.gather(asking, gate.connection.close(), return_exceptions=True)


def rtp_seeds() -> list[bytes]:
    sounds = [rtp(OPUS, number, packet) for number, packet in enumerate(opus_clip(4))]
    pictures = [rtp(VP8, number, b"\x10\x01", ssrc=8) for number in range(3)]
    old = rtp(OPUS, 65_500, b"\x08\x00")
    return [
        joined(sounds),
        joined([numbered(packet, number) for number, packet in enumerate(pictures)]),
        joined([*pictures[:1], rtp(RTX, 0, b"\0\x01\x10abc", ssrc=9), rtp(RTX, 1, b"", ssrc=9)]),
        joined([sounds[0], old, sounds[3], sounds[1]]),
        joined([bytes([0x90]) + sounds[0][1:12] + b"\x10\x00\x00\x01\x05\x02\0\x01" + sounds[0][12:]]),
    ]


def rtcp_seeds() -> list[bytes]:
    report = RtcpSrPacket(7, RtcpSenderInfo(4_000_000_000 << 32, 960, 1, 1))
    extended = struct.pack("!BBHLBBHLLL", 0x80, 207, 5, 7, 5, 0, 3, 1, 1, 1)
    described = struct.pack("!BBHLBB", 0x81, 202, 2, 7, 1, 2) + b"ab"
    sent = [bytes(report), bytes(RtcpByePacket([7, 8])), extended, described, bytes(report) + extended]
    return [joined([rtp(OPUS, 0, b"\x08\x00"), packet, rtp(OPUS, 1, b"\x08\x00")]) for packet in sent]


async def transported(data: bytes) -> None:
    """Packets of any kind, then everything that a session does of itself."""
    path = MediaPath(arena=ARENA)
    try:
        for packet in pieces(data):
            if len(packet) >= 12:  # the guard has seen to that
                path.transport.receive(packet)
        path.transport._poll()
        path.transport.report()
        path.transport.said_bye(1 << 62)
        await asyncio.sleep(0)
        while not path.dtls.sent.empty():
            RtcpPacket.parse(path.dtls.sent.get_nowait())
    finally:
        path.transport.close()
        path.sink.close()


fuzzes("rtp", rtp_seeds)(in_loop(transported))
fuzzes("rtcp", rtcp_seeds)(in_loop(transported))

RID, REPAIRED_RID, SEND_TIME, ORIENTATION = 10, 11, 3, 7
LAYERS = Layers({"a": (), "b": ()}, 2, {9: 8})


def named(packet: bytes, element: int, value: bytes) -> bytes:
    """The packet with a header extension element."""
    body = bytes([element << 4 | len(value) - 1]) + value
    body += bytes(-len(body) % 4)
    head = b"\xbe\xde" + (len(body) // 4).to_bytes(2, "big")
    return bytes([packet[0] | 0x10]) + packet[1:12] + head + body + packet[12:]


def simulcast_seeds() -> list[bytes]:
    keyframe = video_clip("vp8", 64, 48, 1)[0]
    first, second = (rtp(VP8, 1, b"\x10" + keyframe[:200], ssrc=ssrc) for ssrc in (7, 8))
    again = rtp(RTX, 1, b"\0\x01\x10abc", ssrc=9)
    return [
        joined([named(first, RID, b"a"), named(second, RID, b"b"), named(again, REPAIRED_RID, b"b"), again]),
        joined([named(first, SEND_TIME, bytes([n, 0, n])) for n in range(6)]),
        joined([named(first, ORIENTATION, bytes([n])) for n in range(6)]),
    ]


@fuzzes("simulcast", simulcast_seeds)
@in_loop
async def simulcast(data: bytes) -> None:
    """Packets of several layers, 50 ms apart, of a sender who is told how much the path carries."""
    sent: list[bytes] = []
    feedback = SentFeedback(1, sent.append)
    dtls, decoder = Dtls(PlainSrtp()), Decoder()
    gate, estimator = KeyframeGate(PictureLimit(640 * 480, 640)), BandwidthEstimator(SEND_TIME, LIMITS)
    video = VideoReceiver(decoder, gate, feedback, estimator, ORIENTATION, LAYERS.number)  # type: ignore[arg-type]
    sink = PcmSink(ARENA, 0.5, lambda _ring: None)
    repairs, dropped = Retransmissions(LAYERS, RID, REPAIRED_RID), Counter[str]()
    session: Any = (dtls, PAYLOADS, video, AudioReceiver(sink), feedback, dropped, 0, repairs)
    transport = MediaTransport(*session)
    for at, packet in enumerate(pieces(data)):
        if len(packet) >= 12:
            now_ns = (at + 1) * 50_000_000
            transport._decrypt(dtls._rx_srtp, packet, now_ns)  # type: ignore[arg-type]
            video.poll(now_ns)
    transport.report()
    transport.close()
    sink.close()
    for packet in sent:
        RtcpPacket.parse(packet)


CODECS = sorted(VIDEO_CODECS)


def frame_seeds() -> list[bytes]:
    seeds = []
    for index, codec in enumerate(CODECS):
        line = Line(codec, count=4, gop=3, size=(96, 64))  # type: ignore[arg-type]
        packets = [bytes([packet.marker]) + packet.payload for frame in line.packets for packet in frame]
        seeds.append(bytes([index]) + joined(packets))
    return seeds


@fuzzes("frames", frame_seeds)
def frames(data: bytes) -> None:
    """A track's payloads; the first byte chooses the codec. What goes to the decoder is not empty."""
    codec = CODECS[data[0] % len(CODECS)] if data else CODECS[0]
    assert all(work.data for work in received(codec, pieces(data[1:])))


def received(codec: str, payloads: Iterable[bytes]) -> list[DecodeJob]:
    """What a track makes of these; the first byte of each has the marker, and how many are lost before it."""
    decoder: Any = Decoder()
    feedback: Any = Feedback()
    receiver = VideoReceiver(decoder, KeyframeGate(PictureLimit(640 * 480, 640)), feedback, None)
    stream = receiver.source.admit(1, 0)
    assert stream is not None
    number = 0
    for at, payload in enumerate(payloads):
        head, now_ns = payload[0] if payload else 0, at * 10_000_000
        number += 1 + (head >> 4)
        packet = RtpPacket(
            96,
            bool(head & 1),
            number & 0xFFFF,
            3000 * number & 0xFFFFFFFF,
            1,
            payload[1:],
            b"\x50\x01",
            False,
        )
        receiver.receive(stream, packet, VIDEO_CODECS[codec], now_ns, retransmitted=bool(head & 2))
        receiver.poll(now_ns)
    works: list[DecodeJob] = decoder.works
    return works


@fuzzes("decoder", frame_seeds)
def decoder(data: bytes) -> None:
    """Frames as they are put together, and their real decoder; what it cannot decode it counts."""
    codec = CODECS[data[0] % len(CODECS)] if data else CODECS[0]
    arena = Arena(4 << 20)
    sink = FrameSink(arena, 2, lambda _ring: None)
    decoding = VideoDecoder(640 * 480, sink, lambda: None)
    for work in received(codec, pieces(data[1:])):
        decoding._queue.put(work)
    decoding._queue.put(None)
    decoding._decode_all()
    sink.close()
    arena.close()


VIEW = ArenaView(ARENA.fd)
PICTURE = i420_info(16, 12)


@fuzzes("slot", lambda: [pack_info(PICTURE), pack_info(PICTURE) + bytes(4)])
def slot(data: bytes) -> None:
    """A slot's header, as it may be found where its writer ran wild: read within the slot, or not at all."""
    ring = FrameRing(ARENA, 2, PICTURE.nbytes)
    try:
        planes = [np.zeros(shape, np.uint8) for shape in ((12, 16), (6, 8), (6, 8))]
        ring.write(planes, PICTURE)
        header = data[: ring.slot_bytes - INFO_OFFSET]
        ARENA.bytes[ring.offset + INFO_OFFSET : ring.offset + INFO_OFFSET + len(header)] = header
        assert ARENA.words[ring_word(ring.place) + HEAD] == 1
        frame = FrameReader(VIEW, ring.place, ring.generation).newest()
        if frame is not None:
            assert sum(plane.size for plane in frame.planes) <= ring.slot_bytes
    finally:
        ring.close()
