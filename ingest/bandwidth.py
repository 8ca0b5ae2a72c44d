"""How much the path from the sender carries, estimated by its packets' send times.

aiortc's estimator (Google congestion control, draft-ietf-rmcat-gcc-02) compares how far apart bursts were
sent and arrived. It is fed the end of one frame per ``INTERVAL_NS`` instead of every packet: queues in the
network fill over seconds.
"""

from aiortc.rate import RemoteBitrateEstimator

from .rtp import RtpPacket

INTERVAL_NS = 90_000_000


class BandwidthEstimator:
    """Sums packets up and asks the estimator; ``extension_id`` is that of abs-send-time."""

    def __init__(self, extension_id: int) -> None:
        self._extension_id = extension_id
        self._estimator = RemoteBitrateEstimator()
        self._nbytes = 0
        self._fed_ns = 0

    def add(self, packet: RtpPacket, now_ns: int) -> int | None:
        """Take a packet; returns bits per second when the sender should be told."""
        self._nbytes += len(packet.payload)
        if not packet.marker or now_ns - self._fed_ns < INTERVAL_NS:
            return None
        element = packet.element(self._extension_id)
        if len(element) != 3:
            return None
        nbytes, self._nbytes, self._fed_ns = self._nbytes, 0, now_ns
        estimate = self._estimator.add(
            arrival_time_ms=now_ns // 1_000_000,
            abs_send_time=int.from_bytes(element, "big"),
            payload_size=nbytes,
            ssrc=packet.ssrc,
        )
        return None if estimate is None else estimate[0]
