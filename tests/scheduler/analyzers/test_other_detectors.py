"""The face stream behind another detector than the usual one: its boxes are drawn otherwise."""

import pytest

from argusd.scheduler.analyzers.face import FaceAnalyzer
from argusd.scheduler.contract.policy import Policy
from argusd.scheduler.zoo.store import ZooStore

from ...media import Eyes
from ..recordings import Runner, Runners, frames, watch

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def with_mtcnn(runners: Runners, store: ZooStore) -> Runners:
    store.pull(["mtcnn"])
    mtcnn = Runner(store, "mtcnn")
    return lambda role: mtcnn if role == "face_detector" else runners(role)


def test_the_same_eyes_go_to_the_side(with_mtcnn: Runners, eyes: Eyes) -> None:
    """As in test_face_recordings: from 5.6 s to 10.35 s."""
    findings = watch(with_mtcnn, FaceAnalyzer(Policy()), frames(eyes.aside))

    start, end = findings.violations("gaze_away")
    assert start.data["direction"] == end.data["direction"] == "right"
    assert start.data["start_s"] == pytest.approx(5.65, abs=0.25)
    assert end.data["end_s"] == pytest.approx(10.35, abs=0.25)
    assert {latest["face_count"] for latest in findings.between(0, 15)} == {1}
    assert {told.outcome.name for told in findings.told} == {"gaze_away", "face"}
