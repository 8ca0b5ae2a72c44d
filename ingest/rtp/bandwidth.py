"""How much the path from the sender carries, estimated here: for senders without transport-wide feedback.

aiortc's estimator (Google congestion control, draft-ietf-rmcat-gcc-02) compares how far apart bursts were
sent and arrived. It is fed the end of one frame per ``INTERVAL_NS`` instead of every packet: queues in the
network fill over seconds.

Left to itself it says nothing for three seconds and then what came so far, which is what the sender dared to
send unasked: 300 kbit/s in libwebrtc. From there it rises by 8 % a second. libwebrtc follows a report at once
only in its first two seconds (``SendSideBandwidthEstimation``, kStartPhase), and until it loses packets. So
the first report comes with the first frame, and names a rate at which a picture is worth looking at.
"""

from aiortc.rate import RemoteBitrateEstimator

from ..offers.bitrate_limits import BitrateLimits
from .packets import RtpPacket

INTERVAL_NS = 90_000_000


class BandwidthEstimator:
    """Sums packets up and asks the estimator; ``extension_id`` is that of abs-send-time."""

    def __init__(self, extension_id: int, limits: BitrateLimits) -> None:
        self._extension_id = extension_id
        self._limits = limits
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
        now_ms = now_ns // 1_000_000
        if not self._fed_ns:
            self._estimator.rate_control.set_estimate(self._limits.start, now_ms)
        nbytes, self._nbytes, self._fed_ns = self._nbytes, 0, now_ns
        estimate = self._estimator.add(now_ms, int.from_bytes(element, "big"), nbytes, packet.ssrc)
        return None if estimate is None else self._limits.cap(estimate[0])
