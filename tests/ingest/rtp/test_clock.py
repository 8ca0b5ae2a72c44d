"""Counters that never wrap, and the sender's wall clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.ingest.rtp.clock import NTP_TO_UNIX_S, SenderClock, Unwrapper, ntp_to_unix_ns


def ntp(unix_s: float) -> int:
    return int((unix_s + NTP_TO_UNIX_S) * 2**32)


def test_the_first_value_lies_one_period_above_zero() -> None:
    assert Unwrapper(16).extend(5) == 65_541


def test_a_wrap_goes_on_upwards_and_what_arrives_late_lies_before_it() -> None:
    numbers = Unwrapper(16)
    assert [numbers.extend(value) - 65_536 for value in (65_534, 1, 65_535, 0, 2)] == [
        65_534,
        65_537,
        65_535,
        65_536,
        65_538,
    ]


@given(
    first=st.integers(0, 2**16 - 1),
    steps=st.lists(st.integers(-300, 30_000), max_size=60),
)
def test_any_walk_of_less_than_half_a_period_a_step_is_followed_exactly(first: int, steps: list[int]) -> None:
    numbers = Unwrapper(16)
    newest = numbers.extend(first)
    for step in steps:
        true = newest + step
        assert numbers.extend(true % 2**16) == true
        newest = max(newest, true)


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1))
def test_no_extended_value_is_negative(values: list[int]) -> None:
    timestamps = Unwrapper(32)
    assert all(timestamps.extend(value) >= 0 for value in values)


def test_nearest_does_not_move_the_counter() -> None:
    timestamps = Unwrapper(32)
    assert timestamps.nearest(7) is None
    timestamps.extend(100)
    assert timestamps.nearest(5_000) == 2**32 + 5_000
    assert timestamps.nearest(2**32 - 1) == 2**32 - 1
    assert timestamps.extend(101) == 2**32 + 101


def test_before_a_report_nothing_is_known() -> None:
    assert SenderClock(90_000).captured_ns(1_000_000) == 0


def test_a_report_dates_timestamps_before_and_after_it() -> None:
    clock = SenderClock(90_000)
    clock.report(ntp(1_700_000_000), 900_000)
    assert clock.captured_ns(900_000) == 1_700_000_000 * 10**9
    assert clock.captured_ns(900_000 + 45_000) == 1_700_000_000 * 10**9 + 500_000_000
    assert clock.captured_ns(900_000 - 90_000) == 1_699_999_999 * 10**9


@pytest.mark.parametrize("ntp_timestamp", [0, 1 << 32])
def test_a_sender_without_a_wall_clock_leaves_the_last_report_standing(ntp_timestamp: int) -> None:
    clock = SenderClock(48_000)
    clock.report(ntp(5.0), 48_000)
    clock.report(ntp_timestamp, 96_000)
    assert clock.captured_ns(48_000) == 5 * 10**9


@pytest.mark.parametrize("seconds", [-6, 2**63 // 10**9])
def test_a_timestamp_that_lies_at_no_time_has_none(seconds: int) -> None:
    clock = SenderClock(48_000)
    clock.report(ntp(5.0), 0)
    assert clock.captured_ns(seconds * 48_000) == 0


def test_ntp_fractions_become_nanoseconds() -> None:
    assert ntp_to_unix_ns(((NTP_TO_UNIX_S + 1) << 32) + (1 << 31)) == 1_500_000_000
