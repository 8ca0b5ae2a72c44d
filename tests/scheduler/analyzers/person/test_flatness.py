"""A plane's motion is told from a head's, however either is held."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argusd.scheduler.analyzers.person.flatness import Motion, Reference

from .portraits import printed, sculpted, seen

ANGLES = st.floats(-25, 25)
HEAD = sculpted()


@settings(max_examples=30)
@given(yaw=ANGLES, pitch=ANGLES, roll=st.floats(-180, 180), now=st.tuples(ANGLES, ANGLES))
def test_of_a_picture_nothing_is_off_its_plane(
    yaw: float, pitch: float, roll: float, now: tuple[float, float]
) -> None:
    reference = Reference(seen(printed(HEAD), yaw=yaw, pitch=pitch, roll=roll).points)
    motion = reference.motion(seen(printed(HEAD), yaw=now[0], pitch=now[1]).points)
    assert motion is not None
    assert motion.off <= 0.002 + 0.15 * motion.moved


@settings(max_examples=30)
@given(roll=st.floats(-3, 3), size=st.floats(0.2, 5), x=st.floats(-1000, 1000), y=st.floats(-1000, 1000))
def test_a_face_that_is_turned_in_the_picture_shifted_and_scaled_did_not_move(
    roll: float, size: float, x: float, y: float
) -> None:
    points = seen(HEAD).points
    turn = np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
    motion = Reference(points).motion(points[:, :2] @ turn * size + [x, y])
    assert motion == pytest.approx(Motion(0, 0), abs=1e-9)


@settings(max_examples=30)
@given(yaw=st.sampled_from([-15, -8, 8, 15]), pitch=st.floats(-10, 10))
def test_a_head_that_turns_shows_its_depth(yaw: float, pitch: float) -> None:
    motion = Reference(seen(HEAD).points).motion(seen(HEAD, yaw=yaw, pitch=pitch).points)
    assert motion is not None
    assert motion.off >= 0.01
    assert motion.off > 0.75 * motion.moved


def test_a_mouth_that_opens_is_off_the_plane() -> None:
    motion = Reference(seen(HEAD).points).motion(seen(sculpted(mouth=20)).points)
    assert motion is not None
    assert motion.off > 0.02 > motion.moved


@pytest.mark.parametrize("shape", [(0.0, 0.0, 0.0), (1.0, 2.0, 0.0)])
def test_landmarks_in_one_place_or_on_one_line_tell_nothing(shape: tuple[float, float, float]) -> None:
    line = np.arange(478.0)[:, None] * np.array(shape)
    assert Reference(HEAD).motion(line) is None
    assert Reference(line).motion(line) is None
