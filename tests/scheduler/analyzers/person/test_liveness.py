"""Living faces and pictures of faces, look after look."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argusd.scheduler.analyzers.person.liveness import LIVE_S, STILL_S, TILTED_S, Liveness
from argusd.scheduler.contract.policy import Hold, Policy
from argusd.scheduler.models.outputs import Mesh

from ..heads import mesh
from .portraits import printed, sculpted, seen

HZ = 8.0
ASKED = Policy(liveness=Hold(start_after_s=2.0, end_after_s=2.0))
HEAD = sculpted()
PRINT = printed(HEAD)

Scene = Callable[[float], Mesh]  # of the seconds since it began


def swung(seconds: float, period_s: float) -> float:
    """From -1 to 1 and back, at a steady pace."""
    phase = seconds / period_s % 1.0
    return 4 * abs(phase - 0.5) - 1


class Camera:
    """What it sees at ``HZ``."""

    def __init__(self, policy: Policy = ASKED, hz: float = HZ) -> None:
        self.liveness = Liveness(policy)
        self._hz = hz
        self.now = 0.0

    def show(self, scene: Scene, seconds: float) -> list[tuple[str, str, float]]:
        told: list[tuple[str, str, float]] = []
        begin = self.now
        while self.now < begin + seconds - 1e-6:
            outcomes = self.liveness.see(scene(self.now - begin), self.now)
            told += [(each.name, each.state, self.now) for each in outcomes]
            self.now += 1 / self._hz
        return told

    @property
    def verdict(self) -> str:
        return str(self.liveness.latest()["verdict"])


def still(seconds: float) -> Mesh:
    return seen(HEAD)


def waved(seconds: float) -> Mesh:
    return seen(PRINT, yaw=25 * swung(seconds, 5.0), pitch=10 * swung(seconds, 3.0), noise=0.3)


def blinking(seconds: float) -> Mesh:
    return seen(sculpted(lids=0.05 if seconds % 5 > 4.8 else None))


def test_a_blink_is_a_sign_of_life_for_a_while() -> None:
    camera = Camera()
    camera.show(still, 4)
    assert camera.verdict == "unknown"
    camera.show(lambda seconds: seen(sculpted(lids=0.05)), 0.25)
    camera.show(still, LIVE_S - 1)
    assert camera.verdict == "live"
    assert camera.liveness.latest()["blinks"] == 1
    camera.show(still, 3)
    assert camera.verdict == "unknown"


@pytest.mark.parametrize(
    "scene",
    [
        lambda seconds: seen(sculpted(look=0.2 * swung(seconds, 4.0))),
        lambda seconds: seen(sculpted(mouth=5 + 5 * swung(seconds, 0.7))),
        lambda seconds: seen(HEAD, yaw=12 * swung(seconds, 4.0), pitch=6 * swung(seconds, 3.0)),
    ],
    ids=["eyes that move", "a mouth that speaks", "a head that turns"],
)
def test_what_only_the_living_do(scene: Scene) -> None:
    camera = Camera()
    assert camera.show(scene, 30) == []
    assert camera.verdict == "live"
    assert camera.liveness.latest()["blinks"] == 0


def test_a_picture_that_is_tilted_is_known_for_one_soon() -> None:
    camera = Camera()
    camera.show(waved, TILTED_S - 1)
    assert camera.verdict == "unknown"
    ((name, state, when),) = camera.show(waved, 5)
    assert (name, state, camera.verdict) == ("not_live", "start", "flat")
    assert when == pytest.approx(TILTED_S + 2, abs=1)
    assert camera.liveness.latest()["tilted"]


def test_a_picture_that_nobody_moves_takes_longer() -> None:
    camera = Camera()
    assert camera.show(still, STILL_S - 1) == []
    assert camera.verdict == "unknown"
    ((name, state, _),) = camera.show(still, 4)
    assert (name, state, camera.verdict) == ("not_live", "start", "flat")
    *_, (name, state, _) = camera.show(blinking, 10)
    assert (name, state, camera.verdict) == ("not_live", "end", "live")


def test_a_violation_tells_what_it_goes_by() -> None:
    liveness = Liveness(ASKED)
    told = [each for number in range(160) for each in liveness.see(waved(number / HZ), number / HZ)]
    (start,) = told
    assert (start.name, start.severity) == ("not_live", "critical")
    data = start.data
    assert (data["blinks"], data["tilted"], data["threshold"]) == (0, True, TILTED_S)
    assert data["calm_s"] >= TILTED_S
    assert {"eyes", "mouth", "depth", "start_s", "evidence"} <= set(data)


@settings(max_examples=8, deadline=None)
@given(
    yaw=st.floats(0, 25), pitch=st.floats(0, 20), roll=st.floats(0, 90), period_s=st.floats(1.5, 10),
    noise=st.floats(0, 0.5),
)  # fmt: skip
def test_a_picture_is_never_live_however_it_is_held(
    yaw: float, pitch: float, roll: float, period_s: float, noise: float
) -> None:
    camera = Camera()

    def held(seconds: float) -> Mesh:
        tilt = swung(seconds, period_s)
        return seen(PRINT, yaw=yaw * tilt, pitch=pitch * tilt, roll=roll * tilt, noise=noise)

    for _ in range(20):
        camera.show(held, 1)
        assert camera.verdict != "live"


@settings(max_examples=8, deadline=None)
@given(yaw=st.floats(-20, 20), every_s=st.floats(3, 14), lasts_s=st.floats(0.15, 0.4))
def test_who_blinks_is_never_flat(yaw: float, every_s: float, lasts_s: float) -> None:
    camera = Camera()

    ahead, shut = (seen(sculpted(lids=lids), yaw=yaw) for lids in (None, 0.03))

    def person(seconds: float) -> Mesh:
        return shut if seconds > 4 and seconds % every_s < lasts_s else ahead

    assert camera.show(person, 80) == []
    assert camera.verdict == "live"


@pytest.mark.parametrize(
    "unseen",
    [
        mesh(scale=0.5),
        mesh(yaw=50),
        mesh()._replace(light=0.03),
    ],
    ids=["too small", "turned", "too dark"],
)
def test_where_the_eyes_cannot_be_seen_nothing_is_claimed(unseen: Mesh) -> None:
    camera = Camera()
    assert camera.show(lambda seconds: unseen, 70) == []
    assert camera.verdict == "unknown"


def test_what_was_seen_before_the_eyes_were_hidden_counts_for_a_while() -> None:
    camera = Camera()
    camera.show(blinking, 12)
    camera.show(lambda seconds: mesh(center=(320.0, 240.0), yaw=50), LIVE_S - 5)
    assert camera.verdict == "live"
    camera.show(lambda seconds: mesh(center=(320.0, 240.0), yaw=50), 10)
    assert camera.verdict == "unknown"


def test_a_flat_face_in_the_dark_is_known_for_nothing() -> None:
    camera = Camera(Policy())
    camera.show(waved, 18)
    assert camera.verdict == "flat"
    camera.show(lambda seconds: waved(seconds)._replace(light=0.03), 0.1)
    assert camera.verdict == "unknown"


def test_looks_too_rare_to_see_a_blink_accuse_nobody() -> None:
    camera = Camera(hz=2.0)
    assert camera.show(still, 150) == []
    assert camera.verdict == "unknown"


@pytest.mark.parametrize("elsewhere", [True, False])
def test_another_face_has_to_show_signs_of_life_of_its_own(elsewhere: bool) -> None:
    camera = Camera()
    camera.show(blinking, 12)
    assert camera.verdict == "live"
    if elsewhere:
        camera.show(lambda seconds: mesh(center=(2000.0, 240.0)), 0.2)
    else:
        camera.liveness.lose_face()
    assert camera.verdict == "unknown"


def test_a_media_clock_that_begins_anew_changes_no_more_than_the_window() -> None:
    camera = Camera()
    camera.show(blinking, 12)
    camera.now = 0.0
    assert camera.show(blinking, 30) == []
    assert camera.verdict == "live"


def test_economy_spends_nothing_on_it_unless_it_is_asked_for() -> None:
    camera = Camera(Policy(economy=True))
    camera.show(blinking, 12)
    assert camera.liveness.latest() == Liveness(Policy()).latest()
    asked = Camera(Policy(economy=True, liveness=Hold()))
    asked.show(blinking, 12)
    assert asked.verdict == "live"


def test_without_being_asked_for_nobody_is_accused() -> None:
    camera = Camera(Policy())
    assert camera.show(waved, 20) == []
    assert camera.verdict == "flat"
