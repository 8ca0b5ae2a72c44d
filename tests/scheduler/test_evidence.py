from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.scheduler.evidence import SURE, Evidence

STEP = st.integers(1, 16).map(lambda sixteenths: sixteenths / 16)  # exact in binary, as are their sums
SHARE = st.integers(-8, 8).map(lambda eighths: eighths / 8)
LOOKS = st.lists(st.tuples(STEP, SHARE), max_size=40)

Looks = list[tuple[float, float]]  # seconds since the one before, share of SURE


def gather(looks: Iterable[tuple[float, float]], keep: bool = False) -> list[float]:
    """What is gathered after each look, in seconds of sure ones."""
    evidence, now, held = Evidence(), 0.0, []
    for step_s, share in looks:
        now += step_s
        evidence.take(share * SURE, now, keep)
        held.append(evidence.held_s)
    return held


@pytest.mark.parametrize(
    ("shares", "held"),
    [
        ([1, 1, 1], [0, 1, 2]),
        ([0.5, 0.5, 0.5], [0, 0.5, 1]),
        ([9, 9], [0, 1]),
        ([-1, 0.5, 1], [0, 0, 0.75]),
        ([1, 1, -1, 1, 1], [0, 1, 1, 1, 2]),
        ([1, 1, -1, -1, 1], [0, 1, 1, 0, 0]),
        ([1, -1, 1, -1], [0, 0, 0, 0]),
        ([1, 0.5, 0.25, 0], [0, 0.75, 1.125, 1.25]),
    ],
)
def test_what_looks_a_second_apart_gather(shares: list[float], held: list[float]) -> None:
    assert gather((1.0, share) for share in shares) == pytest.approx(held)


def test_it_began_with_the_look_after_it_was_nothing_last() -> None:
    evidence = Evidence()
    began = []
    for media_s, share in enumerate([-1, 1, 1, -1, -1, 0.5, 1]):
        evidence.take(share * SURE, media_s, keep=False)
        began.append(evidence.since)
    assert began == [None, 1, 1, 1, None, 5, 5]


def test_what_is_told_of_it() -> None:
    evidence = Evidence()
    for media_s, share in enumerate([1, 1, 1, -1, -1]):
        evidence.take(share * SURE, media_s, keep=True)
    assert evidence.told(1.5) == {"log_odds": 4.39, "needed": 3.3, "looks_for": 3, "looks_against": 2}
    evidence.clear()
    assert evidence.told(0.0) == {"log_odds": 0.0, "needed": 0.0, "looks_for": 0, "looks_against": 0}


@given(LOOKS, st.booleans())
def test_no_second_brings_more_than_a_sure_one_and_it_is_never_less_than_nothing(
    looks: Looks, keep: bool
) -> None:
    held = gather(looks, keep)
    for before, after, (step_s, _) in zip([0.0, *held], held, looks, strict=False):
        assert 0.0 <= after <= before + step_s + 1e-9


@given(LOOKS, st.integers(0, 39), STEP)
def test_a_look_that_says_more_never_leaves_less(looks: Looks, which: int, more: float) -> None:
    raised = [(step_s, share + more * (at == which)) for at, (step_s, share) in enumerate(looks)]
    for before, after in zip(gather(looks), gather(raised), strict=True):
        assert after >= before - 1e-9


@given(LOOKS)
def test_looking_twice_at_the_same_picture_says_it_once(looks: Looks) -> None:
    twice = [each for step_s, share in looks for each in ((step_s, share), (0.0, share))]
    assert gather(twice)[1::2] == pytest.approx(gather(looks), abs=1e-9)


@given(LOOKS)
def test_a_look_between_two_that_says_what_lies_between_them_changes_nothing(looks: Looks) -> None:
    long_since = [(1.0, 1.0), (64.0, 1.0), *looks]  # more than the looks can take back
    between = [
        each
        for (_, before), (step_s, share) in pairwise(long_since)
        for each in ((step_s / 2, (before + share) / 2), (step_s / 2, share))
    ]
    assert gather([(1.0, 1.0), *between])[2::2] == pytest.approx(gather(long_since)[1:], abs=1e-9)


@given(LOOKS)
def test_the_same_looks_give_the_same(looks: Looks) -> None:
    assert gather(looks) == gather(looks)
