import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.scheduler.analyzers.head_pose import head_axes, head_pose

from .heads import mesh

angles = st.floats(-60, 60)


def test_a_head_that_faces_the_camera() -> None:
    axes = head_axes(mesh().points)
    np.testing.assert_allclose(axes, np.eye(3), atol=1e-12)
    assert head_pose(axes) == (0, 0, 0)


def test_turned_to_the_left_the_right_side_comes_nearer() -> None:
    points = mesh(yaw=30).points
    assert points[127, 2] < points[356, 2]
    assert head_pose(head_axes(points)) == pytest.approx((30, 0, 0))


def test_raised_the_chin_comes_nearer() -> None:
    points = mesh(pitch=20).points
    assert points[152, 2] < points[10, 2]
    assert head_pose(head_axes(points)) == pytest.approx((0, 20, 0))


def test_a_tilt_to_the_left_shoulder_lowers_the_left_eye() -> None:
    points = mesh(roll=15).points
    assert points[263, 1] > points[33, 1]
    assert head_pose(head_axes(points)).roll == pytest.approx(15)


@given(angles, angles, st.floats(0.2, 5), st.tuples(st.floats(-900, 900), st.floats(-900, 900)))
def test_size_and_place_change_nothing(
    yaw: float, pitch: float, scale: float, center: tuple[float, float]
) -> None:
    pose = head_pose(head_axes(mesh(yaw, pitch, scale=scale, center=center).points))
    assert pose.yaw == pytest.approx(yaw, abs=1e-6)
    assert pose.pitch == pytest.approx(pitch, abs=1e-6)


@given(angles, angles, angles)
def test_axes_are_orthonormal(yaw: float, pitch: float, roll: float) -> None:
    axes = head_axes(mesh(yaw, pitch, roll).points)
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(axes) == pytest.approx(1)
