import numpy as np
import pytest

from argusd.ingest.shm.frame import i420_info
from argusd.kernels.pictures.nms import iou
from argusd.scheduler.analyzers.face_tracker import FaceTracker
from argusd.scheduler.models.outputs import Box
from argusd.scheduler.models.regions import FURTHER

from .heads import face, mesh

INFO = i420_info(640, 480)


def test_the_first_region_comes_from_the_largest_face() -> None:
    tracker = FaceTracker()
    assert tracker.mesh_region() is None
    tracker.see_faces([face(100, 100, 60), face(400, 200, 120)], 640)
    assert tracker.mesh_region() == pytest.approx((400, 200, 180, 0))


def test_the_region_is_turned_with_the_eyes() -> None:
    tracker = FaceTracker()
    tilted = face()
    tilted.keypoints[1] = tilted.keypoints[0] + [10, 10]
    tracker.see_faces([tilted], 640)
    region = tracker.mesh_region()
    assert region is not None
    assert region.angle == pytest.approx(np.pi / 4)


def test_the_mesh_follows_itself_while_the_detector_sees_a_face_there() -> None:
    tracker = FaceTracker()
    tracker.see_faces([face(320, 240)], 640)
    assert tracker.see_mesh(mesh(center=(330, 240)))
    followed = tracker.mesh_region()
    tracker.see_faces([face(325, 240), face(100, 100, 200)], 640)
    assert tracker.mesh_region() == followed


def test_a_face_elsewhere_takes_over_when_none_is_where_the_mesh_is() -> None:
    tracker = FaceTracker()
    tracker.see_mesh(mesh(center=(330, 240)))
    tracker.see_faces([face(100, 100, 90)], 640)
    assert tracker.tracked is None
    assert tracker.mesh_region() == pytest.approx((100, 100, 135, 0))


def test_a_mesh_without_a_face_is_given_up() -> None:
    tracker = FaceTracker()
    tracker.see_faces([face()], 640)
    assert not tracker.see_mesh(mesh(presence=0.2))
    assert tracker.mesh_region() is None


def test_where_nothing_is_found_the_next_look_is_from_further_back() -> None:
    tracker = FaceTracker()
    near, back = (320, 240, 640, 0), (320, 240, 640 * FURTHER, 0)
    seen = [tracker.detector_region(INFO)]
    for faces in ([], [], [], [face(width=500)], [face(width=500)], [face(width=200)]):
        tracker.see_faces(faces, 640)
        seen.append(tracker.detector_region(INFO))
    # Back and forth, then back as long as that shows a face too large for the frame.
    assert seen == [near, back, near, back, back, back, near]


def test_boxes_overlap_as_the_kernel_says() -> None:
    boxes = np.random.default_rng(1).uniform(0, 10, (40, 4))  # some are turned inside out
    for one, other in zip(boxes[:20], boxes[20:], strict=True):
        assert Box(*one.tolist()).iou(Box(*other.tolist())) == pytest.approx(float(iou(one, other)))
