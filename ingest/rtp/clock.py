"""RTP counters that never wrap, and the sender's wall clock behind RTP timestamps."""

NTP_TO_UNIX_S = 2_208_988_800
LATEST_NS = (1 << 63) - 1  # shared memory has 64 bits for it; timestamps may step further


class Unwrapper:
    """Extends a counter of ``bits`` bits past its wrap, tolerant of reordering (RFC 3550 A.1).

    The first value ``v`` becomes ``2**bits + v``: what arrives late from before it stays positive.
    """

    def __init__(self, bits: int) -> None:
        self._modulus = 1 << bits
        self._half = self._modulus >> 1
        self._newest = -1

    def extend(self, value: int) -> int:
        """The extended counter of a value that just arrived."""
        newest = self._newest
        if newest < 0:
            self._newest = self._modulus + value
            return self._newest
        step = (value - newest) % self._modulus
        if step < self._half:
            self._newest = newest + step
            return self._newest
        return newest + step - self._modulus

    def nearest(self, value: int) -> int | None:
        """The extended counter of a value told by a report, or None before the first ``extend``."""
        if self._newest < 0:
            return None
        step = (value - self._newest) % self._modulus
        return self._newest + (step if step < self._half else step - self._modulus)


class SenderClock:
    """Maps extended RTP timestamps to the sender's wall clock by its last sender report (RFC 3550 6.4.1)."""

    def __init__(self, clock_rate: int) -> None:
        self._clock_rate = clock_rate
        self._unix_ns = 0
        self._timestamp = 0

    @property
    def known(self) -> bool:
        """Whether the sender has told its wall clock."""
        return self._unix_ns > 0

    def report(self, ntp_timestamp: int, rtp_timestamp: int) -> None:
        """Take in a sender report: a 64-bit NTP time and the extended RTP timestamp of that moment."""
        unix_ns = ntp_to_unix_ns(ntp_timestamp)
        if unix_ns > 0:  # a sender that has no wall clock, or has not sent yet, reports 0
            self._unix_ns, self._timestamp = unix_ns, rtp_timestamp

    def captured_ns(self, rtp_timestamp: int) -> int:
        """Unix time in ns when the sender captured this; 0 before its first report or where it is none."""
        if not self._unix_ns:
            return 0
        elapsed = (rtp_timestamp - self._timestamp) * 1_000_000_000 // self._clock_rate
        captured_ns = self._unix_ns + elapsed
        return captured_ns if 0 < captured_ns <= LATEST_NS else 0


def ntp_to_unix_ns(ntp_timestamp: int) -> int:
    """Convert 32.32 fixed-point seconds since 1900 to ns since 1970 (negative before that)."""
    seconds, fraction = ntp_timestamp >> 32, ntp_timestamp & 0xFFFFFFFF
    return (seconds - NTP_TO_UNIX_S) * 1_000_000_000 + (fraction * 1_000_000_000 >> 32)
