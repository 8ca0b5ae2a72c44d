"""One Opus track: from RTP packets to 16 kHz mono samples in shared memory.

Decoding an Opus packet takes about 20 µs, less than handing it to a thread, so it happens on the loop.
"""

from collections import Counter

import numpy as np

from argusd.scheduler.contract.media import SAMPLE_RATE

from .codecs.opus import CLOCKS_PER_SAMPLE, DamagedPacket, OpusDecoder
from .errors import ArenaFull, RingClosed
from .rtp.jitter import ReorderBuffer
from .rtp.packets import RtpPacket
from .rtp.sync_source import RtpStream, SyncSource
from .shm.sink import PcmSink

CLOCK_RATE = 48_000
# Without retransmission only reordering can close a gap; later it is silence.
PATIENCE_NS = 60_000_000
REORDER_CAPACITY = 64
MAX_FILLED_CLOCKS = CLOCK_RATE


class Timeline:
    """Keeps the sample count in step with the sender's clock."""

    def __init__(self) -> None:
        self._expected = -1

    def place(self, timestamp: int, clocks: int) -> int | None:
        """Samples of silence to put before a packet, or None for one whose time is past.

        A gap (loss, or Opus' discontinuous transmission) is filled up to ``MAX_FILLED_CLOCKS``. A longer one,
        or a step back as long, is where the sender's clock started anew: the packet simply goes next.
        """
        gap = timestamp - self._expected if self._expected >= 0 else 0
        if -MAX_FILLED_CLOCKS < gap < 0:
            return None
        silence = gap // CLOCKS_PER_SAMPLE if 0 < gap <= MAX_FILLED_CLOCKS else 0
        self._expected = timestamp + clocks
        return silence


class AudioReceiver:
    """Orders a track's packets, decodes and places them; runs on the loop."""

    codec = "opus"
    size = None

    def __init__(self, sink: PcmSink) -> None:
        self.source = SyncSource(CLOCK_RATE)
        self.frames = 0
        self._sink = sink
        self._decoder = OpusDecoder()
        self._timeline = Timeline()
        self._order: ReorderBuffer[tuple[int, bytes, int]] = ReorderBuffer(PATIENCE_NS, REORDER_CAPACITY)
        self._stream: RtpStream | None = None
        self._dropped: Counter[str] = Counter()
        self._wanted = True

    @property
    def waiting(self) -> bool:
        """Whether ``poll`` has something to do later: a gap in the packets is open."""
        return self._order.waiting

    @property
    def arrived(self) -> int:
        """Packets published, and those that came while nobody wanted them."""
        return self.frames + self._dropped["unwanted"]

    @property
    def dropped(self) -> Counter[str]:
        """Packets that went no further, by reason."""
        order = self._order
        return +(
            self._dropped
            + Counter(
                late_packet=order.late,
                lost_packet=order.lost,
                discarded_packet=order.discarded,
                unknown_ssrc_packet=self.source.refused,
            )
        )

    def receive(self, stream: RtpStream, packet: RtpPacket, now_ns: int) -> None:
        """Take a packet of ``stream``."""
        if stream is not self._stream:
            self._order.reset()
            self._timeline = Timeline()
            self._stream = stream
        number, timestamp = stream.extend(packet)
        stream.count(number, timestamp, now_ns)
        for ready in self._order.add(number, (timestamp, packet.payload, now_ns), now_ns):
            self._decode(stream, *ready)

    def poll(self, now_ns: int) -> None:
        """Go on without what is missing for too long."""
        while self._stream is not None and self._order.overdue(now_ns):
            for ready in self._order.jump(_any_packet):
                self._decode(self._stream, *ready)

    def want(self, wanted: bool, _now_ns: int) -> None:
        """Decode, or only follow what comes; from the beginning it is decoded.

        Who wants it again hears nothing from before, and no silence for the time between.
        """
        if wanted != self._wanted:
            self._wanted = wanted
            self._decoder, self._timeline = OpusDecoder(), Timeline()
            self._sink.restart()

    def _decode(self, stream: RtpStream, timestamp: int, payload: bytes, arrival_ns: int) -> None:
        if not payload:
            self._dropped["padding_packet"] += 1
            return
        if not self._wanted:
            self._dropped["unwanted"] += 1
            return
        try:
            samples, clocks = self._decoder.decode(payload)
        except DamagedPacket:
            self._dropped["decode_error"] += 1
            return
        silence = self._timeline.place(timestamp, clocks)
        if silence is None:
            self._dropped["overlap"] += 1
            return
        if silence:
            samples = np.concatenate([np.zeros(silence, np.int16), samples])
        start = timestamp - silence * CLOCKS_PER_SAMPLE
        arrival_ns -= silence * 1_000_000_000 // SAMPLE_RATE
        try:
            self._sink.write(samples, stream.clock.captured_ns(start), arrival_ns, start)
        except ArenaFull:
            self._dropped["arena_full"] += 1
        except RingClosed:
            self._dropped["after_close"] += 1
        else:
            self.frames += 1


def _any_packet(_packet: tuple[int, bytes, int]) -> bool:
    return True
