"""Which side is told of eyes that were away, look after look."""

import pytest

from argusd.scheduler.analyzers.person.aside import Aside
from argusd.scheduler.contract.policy import GazeAway
from argusd.scheduler.core import Outcome

HZ = 8.0
PATIENCE_S = 2.0
Look = tuple[float, float]


class Looks:
    """Offsets as they are seen, ``HZ`` a second."""

    def __init__(self) -> None:
        self.aside = Aside("gaze_away", GazeAway(), (0.15, 0.2), PATIENCE_S)
        self.now = 0.0

    def show(self, looks: list[Look]) -> list[Outcome]:
        told = []
        for x, y in looks:
            told += self.aside.feed(x, y, self.now)
            self.now += 1 / HZ
        return told

    def until_calm(self, looks: list[Look]) -> Outcome:
        """Its end, after these looks."""
        *_, end = [*self.show(looks), *self.show([(0.0, 0.0)] * 8)]
        assert end.state == "end"
        return end


def side(outcome: Outcome) -> tuple[str, float, float]:
    return outcome.data["direction"], outcome.data["value"], outcome.data["threshold"]


@pytest.mark.parametrize(
    ("looks", "told"),
    [
        ([(0.3, 0.0)] * 8, ("left", 0.3, 0.15)),
        ([(0.0, -0.3)] * 8, ("up", -0.3, 0.2)),
        # one look that errs, and it is the surest of all
        ([(0.2, 0.0)] * 4 + [(-0.9, 0.0)] + [(0.2, 0.0)] * 7, ("left", 0.2, 0.15)),
        # up, and to the left and to the right meanwhile
        ([(0.4, -0.3)] * 5 + [(-0.4, -0.35)] * 5, ("up", -0.35, 0.2)),
        # a glance to the left that goes on as a longer one down
        ([(0.25, 0.0)] * 4 + [(0.0, 0.25)] * 9, ("down", 0.25, 0.2)),
    ],
)
def test_the_side_is_where_the_eyes_were_on_the_whole(
    looks: list[Look], told: tuple[str, float, float]
) -> None:
    assert side(Looks().until_calm(looks)) == told


def test_sides_that_cancel_out_leave_the_surest_look() -> None:
    end = Looks().until_calm([(0.2, 0.05)] * 2 + [(0.2, 0.05), (-0.25, 0.05), (-0.2, 0.05)] * 4)
    assert side(end) == ("right", -0.25, 0.15)


def test_what_was_away_before_a_calm_time_no_longer_counts() -> None:
    looks = Looks()
    looks.until_calm([(0.5, 0.0)] * 40)
    assert side(looks.until_calm([(-0.2, 0.0)] * 8)) == ("right", -0.2, 0.15)


def test_after_a_long_time_unseen_it_begins_anew() -> None:
    looks = Looks()
    looks.show([(0.5, 0.0)] * 16)
    looks.now += PATIENCE_S + 1
    end, start = looks.show([(-0.2, 0.0)] * 8)
    assert (end.state, *side(end)) == ("end", "left", 0.5, 0.15)
    assert (start.state, *side(start)) == ("start", "right", -0.2, 0.15)
