"""InsightFace's detector and embedder beside ours, with the same graphs: random weights, published edges."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from argusd.scheduler.core import whole_frame
from argusd.scheduler.media.pictures import StillFrame
from argusd.scheduler.models.faces.arcface import ArcFace
from argusd.scheduler.models.faces.scrfd import Scrfd
from argusd.scheduler.models.regions import ARCFACE_112, face_region
from argusd.scheduler.zoo.importers.onnx_graphs.arcface import import_arcface
from argusd.scheduler.zoo.importers.onnx_graphs.scrfd import import_scrfd

from ...oracles import oracle
from ...zoo.importers.published_graphs import arcface_graph, scrfd_graph

pytestmark = pytest.mark.filterwarnings("ignore:`estimate` is deprecated:FutureWarning")  # InsightFace's
DETECTOR, EMBEDDER = scrfd_graph(seed=1, shift=-2.7), arcface_graph(seed=2)
CPU = ["CPUExecutionProvider"]


@pytest.fixture(scope="module")
def bgr() -> NDArray[np.uint8]:
    """A picture as large as the detector's input, so that neither side has to resize it."""
    coarse = np.random.default_rng(4).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (640, 640), interpolation=cv2.INTER_CUBIC), np.uint8)


def run(model: onnx.ModelProto, images: dict[str, NDArray[Any]]) -> list[NDArray[Any]]:
    return list(onnxruntime.InferenceSession(model.SerializeToString(), providers=CPU).run(None, images))


def test_faces_are_insightfaces(bgr: NDArray[np.uint8]) -> None:
    session = onnxruntime.InferenceSession(DETECTOR, providers=CPU)
    detector = oracle("insightface.model_zoo.scrfd").SCRFD(session=session)
    detector.prepare(0, input_size=(640, 640), det_thresh=0.5, nms_thresh=0.4)
    boxes, points = detector.detect(bgr)

    frame, scrfd = StillFrame(bgr), Scrfd("n")
    rois = [whole_frame(frame.info)]
    faces = scrfd.decode(run(import_scrfd(DETECTOR), scrfd.prepare([frame], rois)), rois)[0]

    assert len(faces) == len(boxes) > 5
    np.testing.assert_allclose([face.box for face in faces], boxes[:, :4], atol=1e-2)
    np.testing.assert_allclose([face.keypoints for face in faces], points, atol=1e-2)


def test_embeddings_are_insightfaces(bgr: NDArray[np.uint8], tmp_path: Path) -> None:
    (tmp_path / "r.onnx").write_bytes(EMBEDDER)
    session = onnxruntime.InferenceSession(EMBEDDER, providers=CPU)
    embedder = oracle("insightface.model_zoo.arcface_onnx").ArcFaceONNX(str(tmp_path / "r.onnx"), session)
    align = oracle("insightface.utils.face_align").norm_crop
    places = [(1.0, 20, 40), (1.4, 300, 10), (2.0, 100, 350), (2.7, 330, 320)]
    points = [ARCFACE_112 * scale + (right, down) for scale, right, down in places]
    theirs = [embedder.get_feat(align(bgr, five.astype(np.float32))).ravel() for five in points]

    # It counts pixels from the middle of the first one, we from its corner.
    regions, arcface = [face_region(five + 0.5) for five in points], ArcFace("n")
    crops = arcface.prepare([StillFrame(bgr)] * len(regions), regions)
    ours = arcface.decode(run(import_arcface(EMBEDDER), crops), regions)

    for one, other, (scale, _, _) in zip(ours, theirs, places, strict=True):
        likeness = float(one.vector @ other / np.linalg.norm(other))
        # A crop that is shrunk twice is a mean of pixels to us, and one pixel in four to it.
        assert likeness > (0.9999 if scale < 2 else 0.995), scale
