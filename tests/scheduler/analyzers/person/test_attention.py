"""Head and eyes of one person, look after look."""

from collections.abc import Callable

import pytest

from argusd.scheduler.analyzers.person.attention import Attention
from argusd.scheduler.contract.policy import GazeAway, GivenNeutral, Policy
from argusd.scheduler.core import Outcome
from argusd.scheduler.models.outputs import Mesh

from ..heads import mesh

HZ = 8.0


class Person:
    """Somebody before the camera, seen at ``HZ``."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.attention = Attention(policy or Policy())
        self.now = 0.0

    def show(self, seen: Mesh, seconds: float) -> list[Outcome]:
        told = []
        for _ in range(int(seconds * HZ)):
            told += self.attention.see(seen, self.now)
            self.now += 1 / HZ
        return told

    def direction(self) -> str | None:
        gaze = self.attention.latest()["gaze"]
        return gaze and str(gaze["direction"])


def starts(told: list[Outcome]) -> list[tuple[str, str, float]]:
    return [
        (each.name, each.data["direction"], each.data["start_s"]) for each in told if each.state == "start"
    ]


@pytest.mark.parametrize(("down", "direction"), [(0.3, "down"), (-0.3, "up")])
def test_eyes_that_go_down_or_up_take_their_lids_along(down: float, direction: str) -> None:
    person = Person()
    assert starts(person.show(mesh(), 2)) == []
    told = person.show(mesh(look=(0, down)), 2)
    assert starts(told) == [("gaze_away", direction, 2.0)]
    assert person.direction() == direction


def test_screwed_up_eyes_look_ahead() -> None:
    person = Person()
    assert starts(person.show(mesh(squint=0.12), 3)) == []
    assert person.direction() == "center"


def test_lids_that_stay_low_are_no_blink() -> None:
    person = Person()
    person.show(mesh(), 2)
    low = mesh(lids=0.12)
    assert starts(person.show(low, 0.5)) == []
    assert person.attention.latest()["blink"]
    assert starts(person.show(low, 1.5)) == [("gaze_away", "down", 2.5)]
    assert not person.attention.latest()["blink"]
    assert person.direction() == "down"


@pytest.mark.parametrize("seconds", [1.1, 8])
def test_eyes_that_stay_shut_look_nowhere(seconds: float) -> None:
    """Also where the lids part a little in between, as the mesh draws them now and then."""
    person = Person()
    person.show(mesh(), 2)
    assert starts(person.show(mesh(lids=0.05), seconds / 2) + person.show(mesh(lids=0.13), seconds / 2)) == []
    latest = person.attention.latest()
    assert (latest["gaze"], latest["gaze_unknown"], latest["blink"]) == (None, "closed", False)
    person.show(mesh(), 1 / HZ)
    assert person.direction() == "center"


def test_who_closes_the_eyes_no_longer_looks_away() -> None:
    person = Person()
    told = person.show(mesh(look=(0, 0.3)), 2) + person.show(mesh(lids=0.05), 1)
    assert [(each.name, each.state, each.data.get("end_s")) for each in told] == [
        ("gaze_away", "start", None),
        ("gaze_away", "end", 1.875),
    ]


def test_one_blink_after_the_other_is_no_look_down() -> None:
    person = Person()
    for _ in range(10):
        assert starts(person.show(mesh(lids=0.05), 0.375)) == []
        latest = person.attention.latest()
        assert (latest["gaze"], latest["gaze_unknown"], latest["blink"]) == (None, "blink", True)
        assert starts(person.show(mesh(), 0.25)) == []


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (mesh(scale=0.3), "too_small"),
        (mesh(yaw=50), "head_turned"),
        (mesh()._replace(light=0.03), "too_dark"),
        (mesh(lids=0.05), "blink"),
    ],
)
def test_where_the_eyes_tell_nothing_no_direction_is_claimed(seen: Mesh, reason: str) -> None:
    person = Person()
    assert person.attention.latest()["gaze_unknown"] == "nobody"
    person.show(seen, 1 / HZ)
    latest = person.attention.latest()
    assert (latest["gaze"], latest["gaze_unknown"]) == (None, reason)
    person.show(mesh(), 1 / HZ)
    assert person.attention.latest()["gaze_unknown"] is None


def test_a_threshold_of_0_lets_nobody_look_anywhere() -> None:
    person = Person(Policy(gaze_away=GazeAway(horizontal=0, vertical=0)))
    assert starts(person.show(mesh(look=(0.05, 0)), 2)) == [("gaze_away", "left", 0.0)]


def test_a_camera_beside_the_screen_accuses_nobody() -> None:
    """Turned by 20 degrees and then by 39, which would be away for somebody before the camera."""
    person = Person()
    told = person.show(mesh(yaw=20), 5)
    told += person.show(mesh(yaw=39), 3)
    assert starts(told) == []
    assert starts(person.show(mesh(yaw=-35), 3)) == [("head_turned", "right", 8.0)]


def test_lids_that_are_always_low_accuse_nobody() -> None:
    person = Person()
    told = person.show(mesh(look=(0, 0.15)), 6)
    told += person.show(mesh(look=(0, 0.3)), 3)
    assert starts(told) == []
    assert person.attention.latest()["neutral"] == {"x": 0, "y": 0.15, "yaw_deg": 0, "pitch_deg": 0}
    assert starts(person.show(mesh(look=(0, 0.4)), 2)) == [("gaze_away", "down", 9.0)]


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (mesh(look=(0.25, 0)), ("gaze_away", "left", 0.0)),
        (mesh(look=(0, 0.3)), ("gaze_away", "down", 0.0)),
        (mesh(yaw=-36), ("head_turned", "right", 0.0)),
    ],
)
def test_who_looks_far_aside_from_the_first_picture_on_is_found_for_good(
    seen: Mesh, told: tuple[str, str, float]
) -> None:
    person = Person()
    assert told in starts(person.show(seen, 60))
    assert told[0] in [rule.name for rule in person.attention.rules if rule.open]
    assert person.attention.latest()["neutral"] is None


def test_who_turns_away_slowly_is_found() -> None:
    """By a sixth of a degree a second: six minutes to 60 degrees."""
    person = Person()
    told = []
    for number in range(360 * int(HZ)):
        told += person.show(mesh(yaw=number / HZ / 6), 1 / HZ)
    assert [name for name, _, _ in starts(told)] == ["head_turned"]


def test_a_neutral_that_is_given_is_gone_by_at_once() -> None:
    person = Person(Policy(neutral=GivenNeutral(yaw_deg=35)))
    assert starts(person.show(mesh(yaw=36), 3)) == []
    assert person.attention.latest()["neutral"] == {"x": 0, "y": 0, "yaw_deg": 35, "pitch_deg": 0}


@pytest.mark.parametrize("change", [lambda policy: Policy(neutral=policy), lambda _: Policy()])
def test_another_policy_keeps_what_was_learnt(change: Callable[[str], Policy]) -> None:
    person = Person()
    person.show(mesh(yaw=20), 5)
    learnt = person.attention.latest()["neutral"]
    assert learnt["yaw_deg"] == 20
    person.attention.apply(change("off"))
    person.attention.apply(change("on"))
    assert person.attention.latest()["neutral"] == learnt


def test_a_face_that_is_lost_and_found_is_the_same_persons() -> None:
    person = Person()
    person.show(mesh(yaw=20), 5)
    learnt = person.attention.latest()["neutral"]
    person.attention.lose_face()
    assert person.attention.latest()["neutral"] == learnt
