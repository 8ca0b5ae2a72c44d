"""Who is who with other models than the usual ones: MTCNN, and the standard pack where it was pulled."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from argusd.scheduler.contract.tasks.faces import FaceEmbed
from argusd.scheduler.contract.tasks.rooms import RoomScanFrame
from argusd.scheduler.tasks.faces import face_embed
from argusd.scheduler.tasks.room_scan import room_scan_frame
from argusd.scheduler.zoo.store import ZooStore

from ..recordings import Runner, Runners
from .direct_runner import DirectRunner

pytestmark = pytest.mark.weights

OBAMA, BIDEN = ("obama.jpg", "obama2.jpg"), ("biden.jpg", "two_people.jpg")
DETECTORS, EMBEDDERS = (
    ("mtcnn", "scrfd_10g", "scrfd_500m"),
    (
        "faceres",
        "arcface_r50",
        "arcface_mbf",
        "facenet_vggface2",
    ),
)


def using(runners: Runners, store: ZooStore, **models: str) -> DirectRunner:
    """These models in their roles; the test is skipped where one of them was never pulled."""
    store.pull(["mtcnn"])
    if absent := [name for name in models.values() if not store.is_present(name)]:
        pytest.skip(f"{absent[0]} is not in the model cache; argusd models pull {absent[0]}")
    made = {role: Runner(store, name) for role, name in models.items()}
    return DirectRunner(lambda role: made.get(role) or runners(role))


@pytest.mark.parametrize("embedder", EMBEDDERS)
@pytest.mark.parametrize("detector", DETECTORS)
async def test_people_match_themselves_and_nobody_else(
    runners: Runners, store: ZooStore, media: Path, detector: str, embedder: str
) -> None:
    runner = using(runners, store, face_detector=detector, face_embedder=embedder)
    vectors = {}
    for name in OBAMA + BIDEN:
        seen = await face_embed(FaceEmbed(image_b64=(media / name).read_bytes()), runner)
        assert seen.model == runner.model("face_embedder").embedding_model
        vectors[name] = np.frombuffer(seen.embedding_b64, "<f4")
    for one, other in combinations(vectors, 2):
        same = any({one, other} <= set(person) for person in (OBAMA, BIDEN))
        likeness = float(vectors[one] @ vectors[other])
        assert (likeness >= runner.model("face_embedder").threshold) is same, (one, other, likeness)


async def test_yolo_counts_the_people(runners: Runners, store: ZooStore, media: Path) -> None:
    runner = using(runners, store, object_detector="yolov8n")
    frame = RoomScanFrame(frame_b64=(media / "two_people.jpg").read_bytes())
    assert (await room_scan_frame(frame, runner)).person_count == 2
