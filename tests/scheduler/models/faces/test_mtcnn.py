"""MTCNN on the tests' pictures, held against facenet-pytorch's on what our network was shown."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.scheduler.core import Roi, whole_frame
from argusd.scheduler.media.pictures import StillFrame
from argusd.scheduler.models.faces.mtcnn import SIZE, Mtcnn
from argusd.scheduler.models.outputs import Face
from argusd.scheduler.zoo.store import ZooStore

from ...oracles import oracle
from ...recordings import Runner

WHOLE = Roi(SIZE / 2, SIZE / 2, SIZE)


@pytest.fixture(scope="module")
def runner(store: ZooStore) -> Runner:
    store.pull(["mtcnn"])
    return Runner(store, "mtcnn")


@pytest.fixture(scope="module")
def theirs() -> Any:
    return oracle("facenet_pytorch").MTCNN(min_face_size=40, keep_all=True)


def outputs(*candidates: tuple[int, tuple[float, float, float, float], float]) -> list[NDArray[np.float32]]:
    """The model's output for (row, box, score), without offsets, points at a tenth, …, a half of the box."""
    points = np.tile(np.arange(1, 6) / 10, 2)
    return [
        np.array([[row] for row, _, _ in candidates], np.float32).reshape(-1, 1),
        np.array([box for _, box, _ in candidates], np.float32).reshape(-1, 4),
        np.array([[score] for _, _, score in candidates], np.float32).reshape(-1, 1),
        np.zeros((len(candidates), 4), np.float32),
        np.tile(points, (len(candidates), 1)).astype(np.float32),
    ]


def test_candidates_become_their_rows_faces() -> None:
    tensors = outputs((1, (10, 20, 109, 119), 0.9), (0, (0, 0, 49, 49), 0.8), (1, (400, 400, 450, 450), 0.6))
    (first,), (second,), none = Mtcnn("n").decode(tensors, [WHOLE, Roi(SIZE, SIZE, 2 * SIZE), WHOLE])
    assert none == []
    assert first.box == (0, 0, 49, 49)
    assert second.box == (20, 40, 218, 238)
    np.testing.assert_allclose(second.keypoints[:2], [(38, 58), (58, 78)], atol=1e-4)


def test_a_face_inside_a_better_one_is_the_same() -> None:
    tensors = outputs(
        (0, (100, 100, 150, 150), 0.8), (0, (90, 90, 200, 200), 0.9), (0, (300, 90, 400, 200), 0.8)
    )
    assert [face.box[0] for face in Mtcnn("n").decode(tensors, [WHOLE])[0]] == [90, 300]


@pytest.mark.weights
def test_what_is_found_in_places_of_a_batch_that_were_filled_up_is_nobodys() -> None:
    tensors = outputs((0, (0, 0, 49, 49), 0.8), (1, (10, 20, 109, 119), 0.9))
    (faces,) = Mtcnn("n").decode(tensors, [WHOLE])
    assert [face.box for face in faces] == [(0, 0, 49, 49)]


@pytest.mark.parametrize("name", ["biden.jpg", "obama.jpg", "obama2.jpg", "two_people.jpg"])
def test_the_faces_are_facenet_pytorchs(runner: Runner, theirs: Any, media: Path, name: str) -> None:
    same_faces(runner, theirs, media / name, least=2 if name == "two_people.jpg" else 1)


@pytest.mark.weights
@pytest.mark.parametrize(("picture", "least"), [("t1.jpg", 6), ("Tom_Hanks_54745.png", 1)])
def test_also_in_insightfaces_pictures(runner: Runner, theirs: Any, picture: str, least: int) -> None:
    """Six faces of fifty pixels; one that fills the frame."""
    images = Path(oracle("insightface").__file__).parent / "data" / "images"
    same_faces(runner, theirs, images / picture, least)


def same_faces(runner: Runner, theirs: Any, path: Path, least: int) -> None:
    """As many, boxes within a tenth of their width, points within a fifteenth."""
    frame = StillFrame(np.asarray(cv2.imread(str(path)), np.uint8))
    feeds = runner.model.prepare([frame], [whole_frame(frame.info)])
    shown = np.clip(feeds["images"][0] * 128 + 128, 0, 255).astype(np.uint8)
    found = theirs.detect(shown, landmarks=True)
    boxes, points = (np.asarray(found[part], np.float64) for part in (0, 2))
    faces: list[Face] = runner.model.decode(runner.run(feeds), [WHOLE])[0]
    assert len(faces) == len(boxes) == least
    for face in faces:
        box = np.array(face.box)
        nearest = int(np.abs(boxes - box).sum(axis=1).argmin())
        width = box[2] - box[0]
        np.testing.assert_allclose(box, boxes[nearest], atol=width / 10)
        np.testing.assert_allclose(face.keypoints, points[nearest], atol=width / 15)


@pytest.mark.weights
def test_company_in_a_batch_changes_nothing(runner: Runner, media: Path) -> None:
    frames = [
        StillFrame(np.asarray(cv2.imread(str(media / name)), np.uint8))
        for name in ("biden.jpg", "two_people.jpg", "obama2.jpg")
    ]
    rois = [whole_frame(frame.info) for frame in frames]
    together = runner.model.decode(runner.run(runner.model.prepare(frames, rois)), rois)
    for frame, roi, faces in zip(frames, rois, together, strict=True):
        alone = runner.model.decode(runner.run(runner.model.prepare([frame], [roi])), [roi])[0]
        assert [face.score for face in faces] == pytest.approx([face.score for face in alone], abs=1e-4)
        np.testing.assert_allclose([face.box for face in faces], [face.box for face in alone], atol=0.1)


@pytest.mark.weights
def test_the_example_keeps_all_three_networks_at_work(runner: Runner) -> None:
    """Otherwise the batch curve would know the first network alone."""
    rows = runner.run(runner.model.example(2))[0]
    assert set(rows.ravel()) == {0, 1}
