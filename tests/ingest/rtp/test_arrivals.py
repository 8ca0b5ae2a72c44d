"""Which packets arrived: told once, in order, lost ones included; late ones told again."""

from hypothesis import given
from hypothesis import strategies as st

from argusd.ingest.rtp.arrivals import ENOUGH, LEAST_INTERVAL_NS, MOST_INTERVAL_NS, ArrivalLog

MS = 1_000_000
TURN = 1 << 16
START_NS = 10**12


def noted(log: ArrivalLog, numbers: list[int]) -> list[tuple[int, list[int]]]:
    """The stretches told after these numbers arrived, modulo 2^16."""
    for number in numbers:
        log.note(number % TURN, START_NS)
    return [(first % TURN, [number % TURN for number, _ in told]) for first, told in log.take(START_NS)]


def test_a_stretch_begins_where_the_last_one_ended() -> None:
    log = ArrivalLog()
    assert noted(log, [5, 6, 8]) == [(5, [5, 6, 8])]
    assert noted(log, [11]) == [(9, [11])]
    assert noted(log, []) == []


def test_what_was_overtaken_in_between_is_in_its_place_and_a_duplicate_counts_once() -> None:
    log = ArrivalLog()
    log.note(2, 10)
    log.note(1, 20)
    log.note(2, 30)
    assert [told for _, told in log.take(40)] == [[(TURN + 1, 20), (TURN + 2, 10)]]


def test_a_late_packet_is_told_again_and_moves_nothing() -> None:
    log = ArrivalLog()
    noted(log, [10, 15])
    assert noted(log, [12, 13, 17, 11, 8]) == [(8, [8]), (11, [11, 12, 13]), (16, [17])]


def test_numbers_wrap() -> None:
    log = ArrivalLog()
    assert noted(log, [TURN - 1, 0, 1]) == [(TURN - 1, [TURN - 1, 0, 1])]
    assert noted(log, [3, TURN - 2]) == [(TURN - 2, [TURN - 2]), (2, [3])]


def test_many_packets_are_told_of_sooner_than_few() -> None:
    few, many = ArrivalLog(), ArrivalLog()
    few.take(START_NS)
    many.take(START_NS)
    few.note(0, START_NS)
    for number in range(ENOUGH):
        many.note(number, START_NS)
    assert not many.due(START_NS + LEAST_INTERVAL_NS - 1)
    assert many.due(START_NS + LEAST_INTERVAL_NS)
    assert not few.due(START_NS + MOST_INTERVAL_NS - 1)
    assert few.due(START_NS + MOST_INTERVAL_NS)


def test_without_a_packet_nothing_is_due() -> None:
    log = ArrivalLog()
    assert not log.due(START_NS)
    assert log.take(START_NS) == []


@given(st.permutations(range(60)), st.sets(st.integers(0, 59)), st.integers(0, TURN - 1), st.integers(1, 30))
def test_in_the_end_every_arrival_was_told_and_every_loss_as_one(
    order: list[int], lost: set[int], start: int, at_once: int
) -> None:
    """However packets are lost and overtaken, and wherever the feedback cuts in between."""
    log, told, lost_told = ArrivalLog(), set[int](), set[int]()
    sent = [number for number in order if number not in lost]
    for begin in range(0, len(sent), at_once):
        for number in sent[begin : begin + at_once]:
            log.note((start + number) % TURN, START_NS)
        for first, arrivals in log.take(START_NS):
            numbers = {number for number, _ in arrivals}
            assert not numbers & told  # each once
            told |= numbers
            lost_told |= set(range(first, arrivals[-1][0])) - numbers
    base = min(told, default=0) - min(sent, default=0)
    assert {number - base for number in told} == set(sent)
    first_seen = min(sent[:at_once], default=0)
    assert lost_told >= {base + number for number in lost if first_seen < number < max(sent, default=0)}
