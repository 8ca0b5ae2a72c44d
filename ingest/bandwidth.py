"""How much the path from the sender carries, estimated by its packets' send times.

aiortc's estimator (Google congestion control, draft-ietf-rmcat-gcc-02) is fed once per frame instead of once
per packet: it groups packets of a burst anyway, and a frame is one.
"""

from aiortc.rate import RemoteBitrateEstimator

from .rtp import RtpPacket, extension_element


class BandwidthEstimator:
    """Sums a frame's packets up and asks the estimator; ``extension_id`` is that of abs-send-time."""

    def __init__(self, extension_id: int) -> None:
        self._extension_id = extension_id
        self._estimator = RemoteBitrateEstimator()
        self._nbytes = 0

    def add(self, packet: RtpPacket, now_ns: int) -> int | None:
        """Take a packet; returns bits per second when the sender should be told."""
        self._nbytes += len(packet.payload)
        if not packet.marker:
            return None
        element = extension_element(packet.extension, self._extension_id)
        if len(element) != 3:
            return None
        nbytes, self._nbytes = self._nbytes, 0
        estimate = self._estimator.add(
            arrival_time_ms=now_ns // 1_000_000,
            abs_send_time=int.from_bytes(element, "big"),
            payload_size=nbytes,
            ssrc=packet.ssrc,
        )
        return None if estimate is None else estimate[0]
