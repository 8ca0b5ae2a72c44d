"""Transport-wide feedback, read back by a reader that was written from the draft."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.ingest.rtp.transport_cc import MAX_RECEIVED, TICK_NS, Arrival, pack_feedback

from .transport_cc_reader import Told, read_feedback

MS = 1_000_000
TURN = 1 << 16


def told(first: int, arrivals: list[Arrival], counted: int = 0) -> list[Told]:
    return [read_feedback(data) for data in pack_feedback(7, 9, first, arrivals, counted)]


def test_arrivals_and_losses_are_told_by_number() -> None:
    ((ssrc, media_ssrc, counted, arrivals),) = told(10, [(10, 64 * MS), (12, 65 * MS), (13, 265 * MS)], 300)
    assert (ssrc, media_ssrc, counted) == (7, 9, 300 % 256)
    assert arrivals == {10: 256, 11: None, 12: 260, 13: 1060}


def test_the_bytes_are_those_of_the_draft() -> None:
    (data,) = pack_feedback(1, 2, 5, [(5, 64 * MS), (7, 65 * MS)], 3)
    assert data.hex(" ", 4) == "8fcd0005 00000001 00000002 00050003 00000103 a8000004"


@pytest.mark.parametrize(
    ("arrivals", "size"),
    [
        ([(number, number * MS) for number in range(100)], 20 + 2 + 100),  # all arrived: one run
        ([(0, 0), (8_000, MS)], 20 + 2 + 2 + 2 + 2),  # one, a run of losses, one
        ([(number, number * 70 * MS) for number in range(14)], 20 + 2 * 2 + 13 * 2 + 1),  # large deltas
    ],
)
def test_the_shortest_chunks_are_taken(arrivals: list[Arrival], size: int) -> None:
    (data,) = pack_feedback(1, 2, arrivals[0][0], arrivals, 0)
    assert size <= len(data) < size + 4


def test_a_packet_that_overtook_has_a_negative_delta() -> None:
    ((*_, arrivals),) = told(1, [(1, 100 * MS), (2, 99 * MS), (3, 101 * MS)])
    assert arrivals == {1: 400, 2: 396, 3: 404}


def test_numbers_wrap() -> None:
    ((*_, arrivals),) = told(TURN - 2, [(TURN - 2, 0), (TURN + 1, 0)])
    assert arrivals == {TURN - 2: 0, TURN - 1: None, 0: None, 1: 0}


def test_a_time_too_far_for_a_delta_begins_another_packet() -> None:
    far_ns = (1 << 15) * TICK_NS
    first, second = told(1, [(1, 0), (3, far_ns)], 9)
    assert first.arrivals == {1: 0}
    assert second.arrivals == {2: None, 3: 1 << 15}
    assert (first.counted, second.counted) == (9, 10)


def test_the_reference_time_wraps() -> None:
    """Of 24 bits, signed, in 64 ms: 12 days."""
    ((*_, arrivals),) = told(1, [(1, (1 << 23) * 64 * MS)])
    assert arrivals == {1: -(1 << 31)}


def test_no_feedback_is_longer_than_a_datagram_may_be() -> None:
    dear = [(9 * index, index % 2 * 300 * MS) for index in range(3 * MAX_RECEIVED)]
    packets = pack_feedback(1, 2, 0, dear, 0)
    assert len(packets) == 3
    assert max(map(len, packets)) <= 1200


def test_of_nothing_nothing_is_told() -> None:
    assert pack_feedback(1, 2, 5, [], 0) == []


gaps = st.integers(1, 20) | st.integers(1, 32_767)
times = st.integers(0, 400 * MS) | st.integers(0, 20_000 * MS)


@given(
    st.integers(TURN, 3 * TURN),
    st.integers(0, 100),
    st.lists(st.tuples(gaps, times), min_size=1, max_size=400),
    st.integers(0, 1000),
)
def test_whatever_arrived_is_told_exactly(
    first: int, lead: int, steps: list[tuple[int, int]], counted: int
) -> None:
    arrivals, number = [], first + lead - 1
    for gap, time_ns in steps:
        number += gap
        arrivals.append((number, time_ns))
    packets = told(first, arrivals, counted)
    assert [packet.counted for packet in packets] == [(counted + at) % 256 for at in range(len(packets))]
    heard = [item for packet in packets for item in packet.arrivals.items()]
    known = dict(arrivals)
    wanted = [
        (number & 0xFFFF, known[number] // TICK_NS if number in known else None)
        for number in range(first, arrivals[-1][0] + 1)
    ]
    assert heard == wanted
