import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.scheduler.analyzers.person.gaze import beyond_head_turn, direction_of

angles = st.floats(-40, 40)
offsets = st.floats(-0.8, 0.8)


@pytest.mark.parametrize(
    ("x", "y", "direction"),
    [
        (0.1, 0.1, "center"),
        (0.2, 0.0, "left"),
        (-0.2, 0.2, "right"),
        (0.0, 0.3, "down"),
        (0.16, -0.5, "up"),
    ],
)
def test_the_direction_is_the_one_furthest_beyond_its_threshold(x: float, y: float, direction: str) -> None:
    assert direction_of(x, y, horizontal=0.15, vertical=0.25) == direction


def test_eyes_that_make_up_for_the_head_look_at_the_camera() -> None:
    assert beyond_head_turn(-0.2, 20.0) == 0
    assert beyond_head_turn(-0.4, 20.0) == pytest.approx(-0.4 + 0.8 * 0.342, abs=1e-3)


@given(offsets, angles)
def test_a_head_turn_never_makes_a_glance_larger_or_turns_it_round(offset: float, angle: float) -> None:
    left = beyond_head_turn(offset, angle)
    assert abs(left) <= abs(offset)
    assert left * offset >= 0
    if offset * angle >= 0:
        assert left == offset
