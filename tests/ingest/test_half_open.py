"""Which session gives way to a newcomer."""

import pytest

from argusd.ingest.half_open import UNFAIR, HalfOpen, gives_way

MANY = " ".join(f"a0.{number}" for number in range(1, UNFAIR + 1))


def waiting(text: str) -> list[HalfOpen]:
    """As ``a9 b1+``: client a's, open for 9 s, and client b's, from which a check has come."""
    return [HalfOpen(each, each[0], float(each[1:].strip("+")), "+" in each) for each in text.split()]


@pytest.mark.parametrize(
    ("open_ones", "newcomer", "ends"),
    [
        ("", "n", None),
        ("a0.5", "n", None),  # it connects just now
        ("a2", "n", "a2"),
        ("a2 b3", "n", "b3"),
        ("a5+", "n", None),  # it is slow, but there
        ("a6+", "n", "a6+"),
        ("a3 b1 b2", "n", "b2"),  # of the one with the most
        (MANY, "n", "a0.8"),  # who has so many is flooding
        (MANY, "a", None),  # its own newer offers are worth no more
        ("a5 a4", "a", "a5"),
        (f"{MANY} n0.3", "n", None),
        (f"{MANY} a0.9 n0.3", "n", "a0.9"),
    ],
)
def test_who_gives_way(open_ones: str, newcomer: str, ends: str | None) -> None:
    found = gives_way(waiting(open_ones), newcomer)
    assert (found and found.session_id) == ends


def test_who_has_as_many_as_it_may_gives_up_one_of_its_own() -> None:
    open_ones = waiting("a9 a8 b1 b3")
    assert gives_way(open_ones, "b", to_its_own=True) == open_ones[3]
    assert gives_way(open_ones, "c", to_its_own=True) is None
    assert gives_way(waiting("a9 a8 b1"), "b", to_its_own=True) is None
