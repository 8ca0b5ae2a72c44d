"""With gates as without: the same violations on real recordings, none of them told later."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from argusd.benchmarks.films.drawn import Frame
from argusd.benchmarks.films.played import play
from argusd.benchmarks.gates import differences
from argusd.benchmarks.rigs.every_look import EVERY_LOOK
from argusd.scheduler.contract.policy import Policy
from argusd.scheduler.loaded.loaded_vision import LoadedVisionModel
from argusd.scheduler.planning.curve import BatchCurve

from ...media import OURS
from ..recordings import Runners, frames

pytestmark = pytest.mark.weights
ROLES = ("face_detector", "face_mesh", "object_detector")
CURVE = BatchCurve(sizes=[1], seconds=[0.01])


def film(path: Path) -> Iterator[Frame]:
    for media_s, frame in frames(path):
        yield media_s, [np.ascontiguousarray(plane) for plane in frame.planes]


@pytest.mark.parametrize(
    ("name", "economy", "spared"),
    [("gaze_left", True, 0.5), ("gaze_left", False, 0.4), ("short_hamilton_clip", False, 0.0)],
)
def test_every_violation_is_found_as_if_every_look_ran_its_model(
    runners: Runners, name: str, economy: bool, spared: float
) -> None:
    """One man who sits still, and several people on a stage. Looks at parts of it are seldom spared."""
    path = OURS / f"{name}.mp4"
    if not path.exists():
        pytest.skip("this recording is not here")
    models = {role: LoadedVisionModel(runners(role).model, runners(role), CURVE) for role in ROLES}
    policies = {
        "gated": Policy(economy=economy),
        "every": Policy(economy=economy, gates=EVERY_LOOK),
    }
    gated, every = play(models, policies, film(path)).values()
    assert list(differences(gated, every)) == []
    assert gated.ran["face_detector"] <= (1 - spared) * every.ran["face_detector"]
    assert gated.ran["face_mesh"] == every.ran["face_mesh"]
