"""Order, gaps, patience: all with injected time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.ingest.rtp.jitter import RETRY_NS, STALE_LIMIT, ReorderBuffer

MS = 1_000_000
PATIENCE = 350 * MS


def buffer(capacity: int = 64) -> ReorderBuffer[int]:
    return ReorderBuffer(PATIENCE, capacity)


def multiple_of_ten(item: int) -> bool:
    return item % 10 == 0


def test_packets_in_order_pass_at_once() -> None:
    order = buffer()
    assert [list(order.add(number, number, 0)) for number in (7, 8, 9)] == [[7], [8], [9]]
    assert not order.waiting


@given(st.permutations(range(1, 30)), st.data())
def test_any_order_with_duplicates_comes_out_sorted_once(numbers: list[int], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(numbers), max_size=10))
    order = buffer()
    out = list(order.add(0, 0, 0))
    for number in [*numbers[:15], *again, *numbers[15:]]:
        out += order.add(number, number, 0)
    assert out == list(range(30))
    assert not order.waiting
    assert order.lost == order.discarded == 0


@given(st.lists(st.integers(0, 2**20), max_size=300), st.data())
def test_whatever_arrives_no_more_than_the_capacity_is_asked_for(
    numbers: list[int], data: st.DataObject
) -> None:
    order, now = buffer(16), 0
    for number in numbers:
        now += data.draw(st.integers(0, 100)) * MS
        order.add(number % 400, number % 400, now)
        if order.overdue(now):
            order.jump(multiple_of_ten)
        assert len(order.to_request(now)) <= 16


def test_a_gap_is_asked_for_at_once_and_again_after_each_interval() -> None:
    order = buffer()
    for number in (1, 4, 6):
        order.add(number, number, 0)
    assert order.to_request(0) == [2, 3, 5]
    assert order.to_request(RETRY_NS - 1) == []
    order.add(3, 3, RETRY_NS)
    assert order.to_request(RETRY_NS) == [2, 5]


def test_a_gap_that_closes_in_time_loses_nothing() -> None:
    order = buffer()
    order.add(1, 1, 0)
    order.add(3, 3, 10 * MS)
    assert order.waiting
    assert not order.overdue(10 * MS + PATIENCE - 1)
    assert list(order.add(2, 2, 200 * MS)) == [2, 3]
    assert not order.waiting


def test_patience_ends_in_a_jump_to_the_next_start() -> None:
    order = buffer()
    order.add(1, 1, 0)
    for number in (3, 4, 10, 11, 13):
        order.add(number, number, 0)
    assert order.overdue(PATIENCE)
    assert list(order.jump(multiple_of_ten)) == [10, 11]
    assert (order.lost, order.discarded) == (6, 2)  # 2 and 5 to 9 are lost, 3 and 4 of no use
    assert order.to_request(PATIENCE) == [12]


def test_without_a_start_everything_held_is_given_up() -> None:
    order = buffer()
    order.add(1, 1, 0)
    order.add(3, 3, 0)
    assert list(order.jump(multiple_of_ten)) == []
    assert not order.waiting
    assert list(order.add(4, 4, 0)) == [4]


def test_a_packet_too_far_ahead_begins_a_new_stream() -> None:
    order = buffer(16)
    order.add(1, 1, 0)
    order.add(3, 3, 0)
    assert list(order.add(500, 500, 0)) == [500]
    assert (order.lost, order.discarded) == (1, 1)
    assert not order.waiting


def test_the_last_packet_within_the_capacity_waits_for_those_before_it() -> None:
    order = buffer(16)
    order.add(1, 1, 0)
    assert list(order.add(17, 17, 0)) == []
    assert order.to_request(0) == list(range(2, 17))
    assert list(order.add(18, 18, 0)) == [18]
    assert (order.lost, order.discarded) == (15, 1)


def test_a_jump_with_nothing_held_goes_on_with_the_next_number() -> None:
    order = buffer()
    order.add(1, 1, 0)
    assert list(order.jump(multiple_of_ten)) == []
    assert list(order.add(2, 2, 0)) == [2]
    assert (order.lost, order.discarded, order.late) == (0, 0, 0)


def test_a_stream_that_starts_again_further_down_is_followed_after_a_while() -> None:
    order = buffer()
    order.add(1000, 1000, 0)
    out = [list(order.add(number, number, 0)) for number in range(STALE_LIMIT + 1)]
    assert out == [[]] * (STALE_LIMIT - 1) + [[STALE_LIMIT - 1], [STALE_LIMIT]]
    assert order.late == STALE_LIMIT


@pytest.mark.parametrize("number", [0, 5000])
def test_after_a_reset_any_number_comes_first(number: int) -> None:
    order = buffer()
    order.add(100, 100, 0)
    order.reset()
    assert list(order.add(number, number, 0)) == [number]
