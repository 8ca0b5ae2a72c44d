"""Opus to samples: as many as the sender's clock says, whatever is lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from argusd.benchmarks.peers.clips import OPUS_CLOCKS, opus_clip
from argusd.ingest.audio import CLOCK_RATE, PATIENCE_NS, AudioReceiver, Timeline
from argusd.ingest.rtp.packets import RtpPacket
from argusd.ingest.shm.arena import Arena
from argusd.ingest.shm.sink import PcmSink, Ring

MS = 1_000_000


class RecordingSink(PcmSink):
    """Keeps the samples and the clocks of each write."""

    def __init__(self) -> None:
        self.arena, self.rings = Arena(1 << 20), list[Ring]()
        super().__init__(self.arena, 2.0, self.rings.append)
        self.samples: list[int] = []
        self.timestamps: list[int] = []

    def write(
        self, samples: NDArray[np.int16], captured_ns: int, arrival_ns: int, rtp_timestamp: int
    ) -> None:
        super().write(samples, captured_ns, arrival_ns, rtp_timestamp)
        self.samples += samples.tolist()
        self.timestamps.append(rtp_timestamp)


class Line:
    """Sends packets of the clip into a receiver, 20 ms apart."""

    def __init__(self) -> None:
        self.sink = RecordingSink()
        self.receiver = AudioReceiver(self.sink)

    def send(self, index: int, payload: bytes | None = None, *, at_ns: int | None = None) -> None:
        now_ns = 20 * MS * index if at_ns is None else at_ns
        stream = self.receiver.source.admit(1, now_ns)
        assert stream is not None
        data = opus_clip(100)[index] if payload is None else payload
        packet = RtpPacket(96, False, index, OPUS_CLOCKS * index, 1, data)
        self.receiver.receive(stream, packet, now_ns)


def test_in_order_nothing_waits_and_nothing_is_added() -> None:
    line = Line()
    for index in range(10):
        line.send(index)
    assert len(line.sink.samples) == 10 * 320
    assert line.receiver.frames == 10
    assert not line.receiver.dropped


def test_a_lost_packet_becomes_as_much_silence() -> None:
    line = Line()
    for index in (0, 1, 2, 4, 5):
        line.send(index)
    assert line.receiver.waiting
    assert line.receiver.frames == 3
    line.receiver.poll(20 * MS * 4 + PATIENCE_NS)
    assert not line.receiver.waiting
    assert len(line.sink.samples) == 6 * 320
    lost = line.sink.samples[3 * 320 :][:320]
    assert lost == [0] * 320
    assert line.receiver.dropped == {"lost_packet": 1}


def test_a_reordered_packet_is_put_back_in_its_place() -> None:
    line, straight = Line(), Line()
    for index in (0, 2, 1, 3):
        line.send(index)
    for index in range(4):
        straight.send(index)
    assert line.sink.samples == straight.sink.samples
    assert not line.receiver.dropped


def test_damage_and_padding_are_counted_and_leave_silence() -> None:
    line = Line()
    for index, payload in enumerate((None, b"\xff" * 5, b"", None)):
        line.send(index, payload)
    assert line.receiver.dropped == {"decode_error": 1, "padding_packet": 1}
    assert len(line.sink.samples) == 4 * 320


def test_a_track_that_nobody_wants_is_not_decoded_and_begins_another_ring_when_somebody_does() -> None:
    line = Line()
    line.send(0)
    line.receiver.want(False, 0)
    assert line.sink.arena.rings == 0
    for index in range(1, 30):
        line.send(index)
    assert (len(line.sink.samples), line.receiver.dropped, line.receiver.arrived) == (
        320,
        {"unwanted": 29},
        30,
    )
    line.receiver.want(True, 0)
    line.send(30)
    assert len(line.sink.samples) == 2 * 320  # and no silence for the time between
    assert len(line.sink.rings) == 2


def test_each_write_is_dated_by_its_first_sample() -> None:
    line = Line()
    for index in (0, 1, 5):
        line.send(index)
    line.receiver.poll(20 * MS * 5 + PATIENCE_NS)
    start = line.sink.timestamps[0]
    assert [timestamp - start for timestamp in line.sink.timestamps] == [0, OPUS_CLOCKS, 2 * OPUS_CLOCKS]


def test_the_sample_count_follows_the_clock() -> None:
    timeline = Timeline()
    assert timeline.place(10_000, 960) == 0
    assert timeline.place(10_960, 960) == 0
    assert timeline.place(11_920 + 960, 960) == 320
    assert timeline.place(11_920, 960) is None  # its time is past


@pytest.mark.parametrize("jump", [CLOCK_RATE + 1, -CLOCK_RATE, -10_000_000])
def test_a_clock_that_starts_anew_is_followed_without_silence(jump: int) -> None:
    timeline = Timeline()
    timeline.place(20_000_000, 960)
    assert timeline.place(20_000_960 + jump, 960) == 0
    assert timeline.place(20_000_960 + jump + 960, 960) == 0


@given(st.lists(st.tuples(st.integers(0, 900), st.sampled_from([120, 480, 960, 2880])), max_size=50))
def test_silence_and_sound_add_up_to_the_senders_time(packets: list[tuple[int, int]]) -> None:
    timeline, timestamp, samples = Timeline(), 0, 0
    first = True
    for gap, clocks in packets:
        timestamp += 0 if first else gap * 3
        silence = timeline.place(timestamp, clocks)
        assert silence is not None
        samples += silence + clocks // 3
        timestamp += clocks
        first = False
    assert samples == timestamp // 3
