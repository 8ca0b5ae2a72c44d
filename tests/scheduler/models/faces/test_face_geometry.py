import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.scheduler.models.faces.face_geometry import head_axes, meshes

from ...analyzers.heads import EYE_WIDTH, OPEN_LIDS, mesh, of_points
from .. import one_by_one

angles = st.floats(-60, 60)
turns = st.floats(-40, 40)
offsets = st.floats(-0.8, 0.8)


@pytest.mark.parametrize("rows", [1, 50])
def test_a_batch_is_measured_as_one_after_the_other(rows: int) -> None:
    points = np.random.default_rng(rows).uniform(-200, 200, (rows, 478, 3))
    presence = np.linspace(0, 1, rows)
    for found, alone, surely in zip(meshes(points, presence), points, presence, strict=True):
        told = {
            **found.pose._asdict(),
            **found.gaze._asdict(),
            "mouth_open": found.mouth_open,
            "tilt": found.tilt,
        }
        assert told == pytest.approx(one_by_one.head(alone), rel=1e-9, abs=1e-9)
        np.testing.assert_array_equal(found.points, alone)
        np.testing.assert_array_equal(found.box, [*alone[:, :2].min(axis=0), *alone[:, :2].max(axis=0)])
        assert found.presence == surely


def test_landmarks_in_one_place_say_nothing_and_harm_nobody() -> None:
    nowhere, somebody = meshes(np.stack([np.zeros((478, 3)), mesh(yaw=30).points]), np.array([0.0, 1.0]))
    assert np.isfinite([*nowhere.pose, *nowhere.gaze, nowhere.mouth_open, nowhere.tilt]).all()
    assert somebody.pose == pytest.approx((30, 0, 0))


def test_a_head_that_faces_the_camera() -> None:
    assert mesh().pose == pytest.approx((0, 0, 0), abs=1e-12)


def test_turned_to_the_left_the_right_side_comes_nearer() -> None:
    turned = mesh(yaw=30)
    assert turned.points[127, 2] < turned.points[356, 2]
    assert turned.pose == pytest.approx((30, 0, 0))


def test_raised_the_chin_comes_nearer() -> None:
    raised = mesh(pitch=20)
    assert raised.points[152, 2] < raised.points[10, 2]
    assert raised.pose == pytest.approx((0, 20, 0))


def test_a_tilt_to_the_left_shoulder_lowers_the_left_eye() -> None:
    tilted = mesh(roll=15)
    assert tilted.points[263, 1] > tilted.points[33, 1]
    assert tilted.pose.roll == pytest.approx(15)
    assert np.degrees(tilted.tilt) == pytest.approx(15)


@given(angles, angles, st.floats(0.2, 5), st.tuples(st.floats(-900, 900), st.floats(-900, 900)))
def test_size_and_place_change_nothing(
    yaw: float, pitch: float, scale: float, center: tuple[float, float]
) -> None:
    pose = mesh(yaw, pitch, scale=scale, center=center).pose
    assert pose.yaw == pytest.approx(yaw, abs=1e-6)
    assert pose.pitch == pytest.approx(pitch, abs=1e-6)


@given(st.integers(0, 2**32 - 1))
def test_axes_are_orthonormal(seed: int) -> None:
    random = np.random.default_rng(seed)
    axes = np.stack(head_axes(*random.normal(size=(2, 3, 5))), axis=1).T
    np.testing.assert_allclose(axes @ axes.swapaxes(1, 2), np.tile(np.eye(3), (5, 1, 1)), atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(axes), 1)


@given(turns, turns, turns, st.tuples(offsets, offsets))
def test_eyes_are_measured_in_the_head_however_it_is_turned(
    yaw: float, pitch: float, roll: float, look: tuple[float, float]
) -> None:
    gaze = mesh(yaw, pitch, roll, look=look, scale=2.0).gaze
    assert (gaze.x, gaze.y) == pytest.approx(look, abs=1e-6)
    assert gaze.open == pytest.approx(abs(OPEN_LIDS - look[1] / 4))
    assert gaze.width == pytest.approx(2 * EYE_WIDTH)


def test_upper_lids_that_come_down_look_down_and_screwed_up_eyes_do_not() -> None:
    lowered = mesh(look=(0, 0.3)).gaze
    assert lowered.y == pytest.approx(0.3)
    assert not lowered.blink
    screwed_up = mesh(squint=0.15).gaze
    assert screwed_up.open < lowered.open
    assert screwed_up.y == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("lids", "blink"), [(0.3, False), (0.2, False), (0.1, True), (0.0, True)])
def test_lids_tell_a_blink(lids: float, blink: bool) -> None:
    assert mesh(lids=lids).gaze.blink is blink


def test_the_mouth_s_opening_is_measured_against_the_eyes_and_in_space() -> None:
    points = np.zeros((478, 3))
    points[33], points[263] = (-50, 0, 0), (50, 0, 0)
    points[[82, 13, 312]] = (0, 60, 0)
    points[[87, 14, 317]] = (0, 80, 0)
    assert of_points(points).mouth_open == pytest.approx(0.2)
    turn = np.array([[0.6, 0, 0.8], [0, 1, 0], [-0.8, 0, 0.6]])
    assert of_points(3 * points @ turn.T).mouth_open == pytest.approx(0.2)


def test_five_points_are_what_faces_are_aligned_by() -> None:
    points = np.zeros((478, 3))
    points[[33, 133], 0], points[[362, 263], 0] = (10, 20), (40, 50)
    points[1, :2], points[[61, 291], 0] = (30, 15), (22, 38)
    keypoints = of_points(points).keypoints
    np.testing.assert_allclose(keypoints, [[15, 0], [45, 0], [30, 15], [22, 0], [38, 0]], atol=1e-12)
