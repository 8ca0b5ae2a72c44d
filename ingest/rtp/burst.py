"""Which packets wait for others: what is handled in one go finds the CPU's caches warm.

The packets of a picture wait for the one with the marker bit, which SRTP leaves readable: a picture is of no
use before. While pictures come, sound waits for the next one. Any other packet, and every ``MAX_BURST``, ends
the wait. A sender that sets no marker is soon not waited for.
"""

from collections import Counter, deque
from collections.abc import Collection, Iterator

MAX_BURST = 32
MAX_EARLY = 256
PICTURE_DUE_NS = 50_000_000  # sound waits for a picture no longer than that after the last one

Datagram = tuple[bytes, int]


class Burst:
    """SRTP and SRTCP packets that wait, with the monotonic nanoseconds of their arrival.

    ``pictures`` and ``sounds`` are payload types. Media may overtake the handshake, so more may wait than a
    burst; overflow policy: the oldest is overwritten, and counts as an ``early_packet`` in ``dropped``.
    """

    def __init__(self, pictures: Collection[int], sounds: Collection[int], dropped: Counter[str]) -> None:
        self._pictures = frozenset(pictures)
        self._sounds = frozenset(sounds)
        self._waiting: deque[Datagram] = deque(maxlen=MAX_EARLY)
        self._marked = True
        self._pictured_ns = -PICTURE_DUE_NS
        self._dropped = dropped

    def add(self, data: bytes, now_ns: int) -> bool:
        """Keep a packet of two bytes or more; returns whether it is time to take what waits."""
        if len(self._waiting) == MAX_EARLY:
            self._dropped["early_packet"] += 1
        self._waiting.append((data, now_ns))
        payload_type, room = data[1] & 0x7F, len(self._waiting) < MAX_BURST
        if payload_type in self._sounds:
            return not room or now_ns - self._pictured_ns >= PICTURE_DUE_NS
        if payload_type not in self._pictures:
            return True
        if data[1] & 0x80:
            self._marked, self._pictured_ns = True, now_ns
            return True
        self._marked = self._marked and room
        return not self._marked

    def take(self) -> Iterator[Datagram]:
        """All that waits, in order of arrival."""
        while self._waiting:
            yield self._waiting.popleft()
