"""Identity through a session, with real models on real faces."""

from pathlib import Path

import av
import cv2
import pytest

from argusd.scheduler.analyzers.face import FaceAnalyzer
from argusd.scheduler.contract.policy import Identity, Policy
from argusd.scheduler.contract.tasks.faces import FaceEmbed
from argusd.scheduler.tasks.faces import face_embed

from ....media import Eyes
from ...recordings import Film, Findings, Runners, frames, slides, watch
from ...tasks.direct_runner import DirectRunner

pytestmark = pytest.mark.weights


def first_picture(source: Path) -> bytes:
    """The first frame of a recording as a JPEG, as a caller would send it to be enrolled."""
    with av.open(source) as container:
        pixels = next(container.decode(video=0)).to_ndarray(format="bgr24")
    return bytes(cv2.imencode(".jpg", pixels)[1])


async def played(runners: Runners, film: Film, enrolled: bytes) -> Findings:
    """The findings of a session whose person was enrolled with this image."""
    result = await face_embed(FaceEmbed(image_b64=enrolled), DirectRunner(runners))
    identity = Identity(reference_embedding_b64=result.embedding_b64)
    return watch(runners, FaceAnalyzer(Policy(identity=identity)), film)


async def test_who_was_enrolled_stays_the_same_person(runners: Runners, eyes: Eyes) -> None:
    findings = await played(runners, frames(eyes.ahead), first_picture(eyes.aside))
    assert findings.violations("identity_mismatch") == []
    assert findings.latest[-1][1]["identity"]["match"] is True


async def test_another_person_before_the_camera_is_one_violation(
    runners: Runners, eyes: Eyes, media: Path
) -> None:
    findings = await played(runners, frames(eyes.ahead), (media / "biden.jpg").read_bytes())
    start, *rest = findings.violations("identity_mismatch")
    assert (start.state, start.severity) == ("start", "critical")
    assert start.data["score"] < start.data["threshold"]
    assert [outcome.state for outcome in rest][-1:] == ["end"]
    assert {outcome.state for outcome in rest[:-1]} <= {"update"}


async def test_someone_takes_the_seat_and_gives_it_back(runners: Runners, media: Path) -> None:
    one, other = (next(iter(frames(media / name)))[1] for name in ("obama.jpg", "biden.jpg"))
    film = slides((one, 8), (other, 10), (one, 10))
    findings = await played(runners, film, (media / "obama2.jpg").read_bytes())
    violations = findings.violations("identity_mismatch")
    assert violations[0].state == "start"
    assert violations[-1].state == "end"
    assert 8 <= violations[-1].data["start_s"] <= 10.5
    assert 16 <= violations[-1].data["end_s"] <= 18.5


async def test_no_identity_is_looked_for_unless_it_is_asked_for(runners: Runners, media: Path) -> None:
    stream = FaceAnalyzer(Policy())
    assert "face_embedder" not in stream.rates
    assert "identity" not in watch(runners, stream, frames(media / "biden.jpg")).latest[-1][1]
