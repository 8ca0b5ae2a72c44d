"""A session's media behind DTLS: SRTP in, straight to the receivers; RTCP both ways.

aiortc does ICE and DTLS. Behind them it would pass each packet through an asyncio queue, a task, a parser
and a router; here a packet goes from the socket to its receiver in one call.
"""

import asyncio
import contextlib
import struct
import time
from collections import Counter
from collections.abc import Mapping

import pylibsrtp
from aiortc import RTCCertificate, RTCDtlsTransport, RTCIceGatherer, RTCIceTransport
from aiortc.rtp import RtcpByePacket, RtcpPacket, RtcpSrPacket

from .audio import AudioReceiver
from .codecs.codec import VIDEO_CODECS
from .errors import IncompatibleLibrary
from .offers.agreement import Payload
from .rtp.arrival_clock import NOW, ArrivalClock
from .rtp.arrivals import ArrivalLog
from .rtp.burst import Burst
from .rtp.feedback import Feedback
from .rtp.layers import SOLE_STREAM, Retransmissions
from .rtp.packets import RtpPacket, parse_rtp, unwrap_rtx
from .rtp.round_trip import read_round_trip
from .rtp.sync_source import RtpStream
from .video import VideoReceiver

POLL_S = 0.02
MAX_SENDING = 64
OPUS = "opus"


class RtcpSender:
    """Sends RTCP through DTLS' SRTP session without making the caller wait."""

    def __init__(self, dtls: RTCDtlsTransport) -> None:
        self._dtls = dtls
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, data: bytes) -> None:
        """Send; while too many are under way the newest is dropped: RTCP tells the same again later."""
        if len(self._tasks) < MAX_SENDING:
            task = asyncio.ensure_future(self._send(data))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _send(self, data: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            await self._dtls._send_rtp(data)


class MediaTransport:
    """Decrypts, sorts by payload type and feeds the receivers, all on the loop.

    ``last_media_ns`` is the monotonic time of the last packet with media in it, 0 before the first.
    ``round_trip_s`` is the newest that was measured, in seconds; None where the sender does not help.
    ``dropped`` counts packets that found no receiver, by reason. ``transport_cc`` is the id of the header
    extension with a number that all tracks share, 0 where it was not agreed.
    """

    def __init__(
        self,
        dtls: RTCDtlsTransport,
        payloads: Mapping[int, Payload],
        video: VideoReceiver,
        audio: AudioReceiver,
        feedback: Feedback,
        dropped: Counter[str],
        transport_cc: int = 0,
        retransmissions: Retransmissions = SOLE_STREAM,
    ) -> None:
        self._dtls = dtls
        self._payloads = payloads
        self.video = video
        self.audio = audio
        self._feedback = feedback
        self._dropped = dropped
        self._transport_cc = transport_cc
        self._retransmissions = retransmissions
        self._arrivals = ArrivalLog()
        self._arrived_ssrc = 0
        primary = {number: payload.codec for number, payload in payloads.items() if payload.original is None}
        self._burst = Burst(
            pictures=[number for number, codec in primary.items() if codec != OPUS],
            sounds=[number for number, codec in primary.items() if codec == OPUS],
            dropped=dropped,
        )
        self._polling: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self.last_media_ns = 0
        self.round_trip_s: float | None = None

    def said_bye(self, now_ns: int) -> bool:
        """Whether every source that was heard has said goodbye (RTCP BYE) and gone."""
        streams = self._streams()
        return bool(streams) and all(stream.gone(now_ns) for stream in streams)

    def receive(self, data: bytes, clock: ArrivalClock = NOW) -> None:
        """Take a datagram from a verified source.

        ``clock`` is asked for its arrival only where the sender is told of each; elsewhere a microsecond a
        packet is dearer than what it would tell.
        """
        now_ns = clock.last_ns() if self._transport_cc else time.monotonic_ns()
        complete = self._burst.add(data, now_ns)
        srtp = self._dtls._rx_srtp
        if srtp is None or not complete or self._closed:
            return
        for packet, arrival_ns in self._burst.take():
            self._decrypt(srtp, packet, arrival_ns)
        if self._transport_cc and self._arrivals.due(now_ns):
            self._acknowledge(now_ns)
        if self.video.waiting or self.audio.waiting:
            self._poll()

    def _acknowledge(self, now_ns: int) -> None:
        if not self._closed:
            self._feedback.acknowledge(self._arrived_ssrc, self._arrivals.take(now_ns))

    def _decrypt(self, srtp: pylibsrtp.Session, data: bytes, now_ns: int) -> None:
        try:
            if 192 <= data[1] <= 208:  # RFC 5761 section 4
                self._receive_rtcp(srtp.unprotect_rtcp(data), now_ns)
            else:
                self._receive_rtp(parse_rtp(srtp.unprotect(data)), now_ns)
        except pylibsrtp.Error:
            self._dropped["srtp_refused_packet"] += 1
        except (ValueError, struct.error):
            self._dropped["malformed_packet"] += 1

    def _receive_rtp(self, packet: RtpPacket, now_ns: int) -> None:
        if self._transport_cc:
            self._note_arrival(packet, now_ns)
        payload = self._payloads.get(packet.payload_type)
        if payload is None:
            self._dropped["unknown_payload_packet"] += 1
            return
        source = self.audio.source if payload.codec == OPUS else self.video.source
        if payload.original is None:
            if self._retransmissions.named:
                self._retransmissions.heard(packet)
        elif not packet.payload:  # padding alone: senders try so how much the path carries
            self._dropped["probe_packet"] += 1
            return
        else:
            repaired = self._retransmissions.original(packet, source)
            packet = unwrap_rtx(packet, payload.original, repaired)
        stream = source.admit(packet.ssrc, now_ns)
        if stream is None:
            return
        if packet.payload:
            self.last_media_ns = now_ns
        if payload.codec == OPUS:
            self.audio.receive(stream, packet, now_ns)
        else:
            self.video.receive(
                stream,
                packet,
                VIDEO_CODECS[payload.codec],
                now_ns,
                retransmitted=payload.original is not None,
                out_of_band=payload.out_of_band,
            )

    def _note_arrival(self, packet: RtpPacket, arrival_ns: int) -> None:
        # Padding, retransmissions and what has no receiver count: they were on the path, too.
        number = packet.element(self._transport_cc)
        if len(number) == 2:
            self._arrivals.note(number[0] << 8 | number[1], arrival_ns)
            self._arrived_ssrc = packet.ssrc

    def _poll(self) -> None:
        """See to what is missing, now and again as long as something is."""
        if self._polling is not None:
            self._polling.cancel()
            self._polling = None
        now_ns = time.monotonic_ns()
        self.video.poll(now_ns)
        self.audio.poll(now_ns)
        if self.video.waiting or self.audio.waiting:
            self._polling = self._loop.call_later(POLL_S, self._poll)

    def _streams(self) -> list[RtpStream]:
        sources = (self.video.source, self.audio.source)
        return [stream for source in sources for stream in source.streams]

    def _receive_rtcp(self, data: bytes, now_ns: int) -> None:
        round_trip_s = read_round_trip(data, self._feedback.ssrc, now_ns)
        if round_trip_s is not None:
            self.round_trip_s = round_trip_s
        for packet in RtcpPacket.parse(data):
            for stream in self._streams():
                if isinstance(packet, RtcpSrPacket) and packet.ssrc == stream.ssrc:
                    stream.sender_report(packet, now_ns)
                elif isinstance(packet, RtcpByePacket) and stream.ssrc in packet.sources:
                    stream.bye(now_ns)

    def report(self) -> None:
        """Send a reception report of every source; to be called about once a second.

        And what is left to tell of arrivals: where nothing more comes, nothing else would.
        """
        now_ns = time.monotonic_ns()
        self._acknowledge(now_ns)
        blocks = [stream.report_block(now_ns) for stream in self._streams()]
        if blocks and not self._closed:
            self._feedback.reception(blocks, now_ns)

    def close(self) -> None:
        """Take no more packets."""
        self._closed = True
        if self._polling is not None:
            self._polling.cancel()
            self._polling = None


def check_aiortc() -> None:
    """Prove that aiortc has the inner parts that a session reaches for.

    Raises:
        IncompatibleLibrary: another version is installed.
    """
    ice = RTCIceTransport(RTCIceGatherer([]))
    parts = {
        ice: ("_connection",),
        RTCDtlsTransport(ice, [certificate := RTCCertificate.generateCertificate()]): (
            "_rx_srtp",
            "_send_rtp",
            "_set_role",
            "_set_state",
            "_ssl",
            "_state",
            "_validate_peer_identity",
            "_write_ssl",
        ),
        certificate: ("_cert", "_create_ssl_context"),
    }
    missing = [
        f"{type(part).__name__}.{name}"
        for part, names in parts.items()
        for name in names
        if not hasattr(part, name)
    ]
    if missing:
        raise IncompatibleLibrary(f"the installed aiortc has no {', '.join(missing)}; install the pinned one")
