"""What a receiver keeps of one synchronisation source: its counters, its clock, its reception report."""

from aiortc.rtp import RtcpReceiverInfo, RtcpSrPacket

from .clock import SenderClock, Unwrapper
from .packets import RtpPacket

MAX_LOST = (1 << 23) - 1
SILENCE_NS = 2_000_000_000
LATE_NS = 200_000_000  # packets may overtake the goodbye that came after them; later ones are a new beginning


class RtpStream:
    """One SSRC's reception (RFC 3550 sections 6.4 and A.3, A.8).

    ``picture_area``: the pixels of its newest keyframe, 0 where they are too many, None before the first;
    kept for a track with several streams alone.
    """

    def __init__(self, ssrc: int, clock_rate: int) -> None:
        self.ssrc = ssrc
        self.clock = SenderClock(clock_rate)
        self._numbers = Unwrapper(16)
        self._timestamps = Unwrapper(32)
        self._clock_rate = clock_rate
        self._base = -1
        self._highest = -1
        self.received = 0
        self._expected_prior = 0
        self._received_prior = 0
        self._transit = 0
        self._jitter = 0.0
        self._last_timestamp = -1
        self._last_report = (0, 0)  # middle 32 bits of the NTP time, monotonic ns of its arrival
        self._bye_ns = 0
        self.last_ns = 0
        self.nbytes = 0
        self.picture_area: int | None = None

    @property
    def expected(self) -> int:
        """How many packets were sent, as far as is known; ``received`` counts those that came at first."""
        return self._highest - self._base + 1 if self._base >= 0 else 0

    @property
    def jitter_s(self) -> float:
        """The interarrival jitter in seconds."""
        return self._jitter / self._clock_rate

    def gone(self, now_ns: int) -> bool:
        """Whether it has said goodbye (RTCP BYE) and was silent from then on.

        That is known when a packet that comes could no longer be a late one: who says goodbye and goes on
        sending is not gone.
        """
        silent_from_ns = self._bye_ns + LATE_NS
        return self._bye_ns > 0 and self.last_ns < silent_from_ns <= now_ns

    def bye(self, now_ns: int) -> None:
        """Take in its goodbye. It may come back all the same: ``replaceTrack(null)``, then with a track."""
        self._bye_ns = now_ns

    def extend(self, packet: RtpPacket) -> tuple[int, int]:
        """Extended sequence number and timestamp of a packet; its payload counts into ``nbytes``."""
        self.nbytes += len(packet.payload)
        return self._numbers.extend(packet.sequence_number), self._timestamps.extend(packet.timestamp)

    def count(self, number: int, timestamp: int, now_ns: int) -> None:
        """Note the arrival of an original (not retransmitted) packet, by its extended counters."""
        self.received += 1
        self.last_ns = now_ns
        if number > self._highest:
            if self._base < 0:
                self._base = number
            self._highest = number
            if timestamp != self._last_timestamp:
                self._measure_jitter(timestamp, now_ns)

    def _measure_jitter(self, timestamp: int, now_ns: int) -> None:
        transit = now_ns * self._clock_rate // 1_000_000_000 - timestamp
        if self._last_timestamp >= 0:
            self._jitter += (abs(transit - self._transit) - self._jitter) / 16
        self._transit, self._last_timestamp = transit, timestamp

    def sender_report(self, packet: RtcpSrPacket, now_ns: int) -> None:
        """Take in the sender's clocks."""
        info = packet.sender_info
        self._last_report = (info.ntp_timestamp >> 16 & 0xFFFFFFFF, now_ns)
        timestamp = self._timestamps.nearest(info.rtp_timestamp)
        if timestamp is not None:
            self.clock.report(info.ntp_timestamp, timestamp)

    def report_block(self, now_ns: int) -> RtcpReceiverInfo:
        """The reception report since the last one."""
        expected = self.expected
        expected_since = expected - self._expected_prior
        lost_since = expected_since - (self.received - self._received_prior)
        self._expected_prior, self._received_prior = expected, self.received
        middle, arrived_ns = self._last_report
        return RtcpReceiverInfo(
            ssrc=self.ssrc,
            fraction_lost=min(255, max(0, (lost_since << 8) // max(1, expected_since))),
            packets_lost=max(-MAX_LOST, min(MAX_LOST, expected - self.received)),
            highest_sequence=self._highest & 0xFFFFFFFF,
            jitter=min(0xFFFFFFFF, int(self._jitter)),  # a sender may step its timestamps as it likes
            lsr=middle,
            dlsr=min(0xFFFFFFFF, (now_ns - arrived_ns << 16) // 1_000_000_000) if middle else 0,
        )


class SyncSource:
    """The SSRCs that a track is received from, and what happens to any other.

    There is one, or with simulcast as many as its layers: the first that are heard. Another takes the place
    of the one that was silent longest, after ``SILENCE_NS``. However many SSRCs a peer invents, there is no
    more state. ``stream`` is the one in use.
    """

    def __init__(self, clock_rate: int, layers: int = 1) -> None:
        self._clock_rate = clock_rate
        self._layers = layers
        self._streams: dict[int, RtpStream] = {}
        self.stream: RtpStream | None = None
        self.refused = 0

    @property
    def streams(self) -> list[RtpStream]:
        """All that are received, whichever is in use."""
        return list(self._streams.values())

    @property
    def ssrc(self) -> int:
        """The SSRC in use.

        Raises:
            ValueError: none was heard yet.
        """
        if self.stream is None:
            raise ValueError("no packet of this track has arrived")
        return self.stream.ssrc

    def admit(self, ssrc: int, now_ns: int) -> RtpStream | None:
        """The stream of this SSRC (a new one when it is taken up), or None if its packets are not wanted."""
        stream = self.stream
        if stream is not None and stream.ssrc == ssrc:
            return stream
        return self._streams.get(ssrc) or self._take_up(ssrc, now_ns)

    def _take_up(self, ssrc: int, now_ns: int) -> RtpStream | None:
        if len(self._streams) == self._layers:
            silent = min(self._streams.values(), key=lambda stream: stream.last_ns)
            if now_ns - silent.last_ns <= SILENCE_NS:
                self.refused += 1
                return None
            del self._streams[silent.ssrc]
            if silent is self.stream:
                self.stream = None
        stream = self._streams[ssrc] = RtpStream(ssrc, self._clock_rate)
        stream.last_ns = now_ns
        self.stream = self.stream or stream
        return stream
