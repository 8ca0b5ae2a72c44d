from pathlib import Path

import numpy as np
import pytest

from argusd.scheduler.core import Roi
from argusd.scheduler.models.faces.facemesh import (
    LEFT_EYE,
    LEFT_EYELIDS,
    LEFT_IRIS,
    LIPS,
    RIGHT_EYE,
    RIGHT_IRIS,
    FaceMesh,
    refine,
)

from ...recordings import Runners, frames

SIZES = [1404, 160, 142, 142, 10, 10]


def parts(rows: int = 1) -> list[np.ndarray]:
    """Every number different, so that any mix-up shows."""
    flat = np.arange(rows * sum(SIZES), dtype=np.float64).reshape(rows, -1)
    return np.split(flat, np.cumsum(SIZES)[:-1], axis=1)


def test_tables_cover_the_published_points_once() -> None:
    assert [len(table) for table in (LIPS, RIGHT_EYE, LEFT_EYE)] == [80, 71, 71]
    for table in (LIPS, RIGHT_EYE, LEFT_EYE):
        assert len(set(table)) == len(table)
    assert not set(RIGHT_EYE) & set(LEFT_EYE)
    assert list(range(468, 478)) == RIGHT_IRIS + LEFT_IRIS


def test_refined_points_take_x_and_y_and_leave_depth() -> None:
    given = parts(rows=2)
    points = refine(given).swapaxes(1, 2)
    mesh = given[0].reshape(2, 468, 3)
    np.testing.assert_array_equal(points[:, LIPS, :2], given[1].reshape(2, 80, 2))
    np.testing.assert_array_equal(points[:, RIGHT_EYE, :2], given[2].reshape(2, 71, 2))
    np.testing.assert_array_equal(points[:, LEFT_EYE, :2], given[3].reshape(2, 71, 2))
    np.testing.assert_array_equal(points[:, :468, 2], mesh[:, :, 2])
    untouched = sorted(set(range(468)) - set(LIPS) - set(RIGHT_EYE) - set(LEFT_EYE))
    np.testing.assert_array_equal(points[:, untouched], mesh[:, untouched])


def test_an_iris_lies_as_deep_as_its_eyelids() -> None:
    given = parts()
    points = refine(given)[0].T
    np.testing.assert_array_equal(points[LEFT_IRIS, :2], given[5].reshape(5, 2))
    np.testing.assert_allclose(points[LEFT_IRIS, 2], points[LEFT_EYELIDS, 2].mean())


def test_points_and_depth_in_frame_pixels() -> None:
    tensors = [np.zeros((1, 1, 1, size), np.float32) for size in [*SIZES, 1]]
    tensors[0][...] = np.tile([192, 0, 96], 468)  # the region's upper right corner, half its size deep
    tensors[6][...] = 100
    (mesh,) = FaceMesh("n").decode(tensors, [Roi(50, 60, 20, np.pi / 2)])
    # The region is turned a quarter clockwise: its upper right corner is the lower right one on the screen.
    np.testing.assert_allclose(mesh.points[10], [60, 70, 10], atol=1e-9)
    assert mesh.presence == 1


@pytest.mark.weights
def test_the_example_runs_and_holds_no_face(runners: Runners) -> None:
    runner = runners("face_mesh")
    meshes = runner.model.decode(runner.run(runner.model.example(2)), [Roi(0, 0, 1)] * 2)
    assert [mesh.points.shape for mesh in meshes] == [(478, 3)] * 2
    assert max(mesh.presence for mesh in meshes) < 0.1


@pytest.mark.weights
def test_landmarks_do_not_depend_on_the_region_s_turn(runners: Runners, media: Path) -> None:
    _, frame = next(iter(frames(media / "eyes_ahead.mp4")))
    straight = runners("face_mesh").look(frame, Roi(294, 233, 380))
    turned = runners("face_mesh").look(frame, Roi(294, 233, 380, 0.15))
    assert min(straight.presence, turned.presence) > 0.9
    apart = np.linalg.norm(straight.points[:, :2] - turned.points[:, :2], axis=1)
    assert np.median(apart) < 4  # of a face 250 pixels wide


@pytest.mark.weights
def test_landmarks_lie_on_the_face(runners: Runners, media: Path) -> None:
    """Read off the picture: both irises, nose tip, corners of the mouth, chin."""
    truth = {
        468: (443, 213),
        473: (547, 211),
        4: (493, 268),
        61: (437, 321),
        291: (550, 318),
        152: (495, 428),
    }
    _, frame = next(iter(frames(media / "obama.jpg")))
    mesh = runners("face_mesh").look(frame, Roi(495, 275, 460))
    assert mesh.presence > 0.9
    for landmark, point in truth.items():
        np.testing.assert_allclose(mesh.points[landmark, :2], point, atol=17 if landmark == 152 else 10)
