import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.scheduler.analyzers.person.turned_head import turned_head, yaw_of
from argusd.scheduler.models.outputs import Box, Face

from ..heads import mesh, rotation

# Right eye, left eye, nose tip and mouth of a head, in millimetres: x right, y down, z away.
HEAD = np.array([[-32, -20, 0], [32, -20, 0], [0, 15, -32], [0, 50, -5]], np.float64)


def seen(yaw: float, pitch: float = 0.0, roll: float = 0.0) -> Face:
    """What a detector finds of a head that is turned like this."""
    return Face(Box(0, 0, 100, 100), (HEAD @ rotation(yaw, pitch, roll).T)[:, :2] + 50, 0.7)


@given(st.floats(-75, 75), st.floats(-180, 180))
def test_the_nose_tells_how_far_a_head_is_turned(yaw: float, roll: float) -> None:
    assert yaw_of(seen(yaw, roll=roll)) == pytest.approx(yaw, abs=0.5)


@pytest.mark.parametrize("side", [-1, 1])
def test_keypoints_and_landmarks_that_agree_tell_a_turned_head(side: int) -> None:
    pose = turned_head(seen(side * 60), mesh(yaw=side * 30, pitch=-5))
    assert pose is not None
    assert pose.yaw == pytest.approx(side * 45, abs=0.5)
    assert pose.pitch == pytest.approx(-5)


@pytest.mark.parametrize(("keypoints", "landmarks"), [(20, 60), (60, 10), (60, -40), (0, 0)])
def test_one_alone_tells_nothing(keypoints: float, landmarks: float) -> None:
    assert turned_head(seen(keypoints), mesh(yaw=landmarks)) is None


def test_keypoints_in_one_place_tell_nothing() -> None:
    assert turned_head(Face(Box(0, 0, 1, 1), np.zeros((4, 2)), 0.5), mesh(yaw=60)) is None
