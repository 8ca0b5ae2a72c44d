"""The video stream with the real object detector; the truth was read off the frames."""

from pathlib import Path

import numpy as np
import pytest

from argusd.scheduler.analyzers.video import VideoAnalyzer
from argusd.scheduler.contract.policy import Policy
from argusd.scheduler.zoo.store import ZooStore

from ...media import Eyes
from ..recordings import (
    Film,
    Findings,
    Runners,
    frames,
    from_bgr,
    slides,
    through_vp8,
    watch,
)

pytestmark = pytest.mark.weights


def play(runners: Runners, film: Film) -> Findings:
    return watch(runners, VideoAnalyzer(Policy()), film)


@pytest.mark.parametrize("sent_as_vp8", [False, True])
def test_one_man_who_fills_the_frame_is_one_person(runners: Runners, eyes: Eyes, sent_as_vp8: bool) -> None:
    source = eyes.aside
    findings = play(runners, frames(through_vp8(source) if sent_as_vp8 else source))
    assert {told.outcome.name for told in findings.told} == {"video"}
    for latest in findings.between(0, 15):
        assert latest["person_count"] == 1
        assert not latest["multi_person"]
        assert not latest["phone_detected"]


def test_two_people_are_a_violation_once_they_stay(runners: Runners, media: Path) -> None:
    _, alone = next(iter(frames(media / "obama2.jpg")))
    _, two = next(iter(frames(media / "two_people.jpg")))
    findings = play(runners, slides((alone, 4), (two, 6), (alone, 6)))

    start, end = findings.violations("multiple_people")
    assert start.data["start_s"] == pytest.approx(4, abs=1.01)
    assert end.data["end_s"] == pytest.approx(10, abs=1.01)
    assert (start.data["person_count"], start.data["allowed"], start.data["threshold"]) == (2, 1, 0.35)
    assert findings.between(6, 9)[0]["multi_person"]


def test_an_astronaut_is_found_where_she_is(runners: Runners, store: ZooStore) -> None:
    """She fills the left two thirds of the picture."""
    _, picture = next(iter(frames(store.path("astronaut"))))
    (_, latest), *_ = play(runners, slides((picture, 1))).latest
    (person,) = [thing for thing in latest["objects"] if thing["label"] == "person"]
    left, top, right, bottom = person["box"]
    assert left < 0.15
    assert top < 0.1
    assert 0.6 < right < 1.0
    assert bottom > 0.9


def test_an_empty_room_holds_nobody(runners: Runners) -> None:
    empty = from_bgr(np.full((480, 640, 3), 90, np.uint8))
    for latest in play(runners, slides((empty, 2))).between(0, 2):
        assert latest["person_count"] == 0
        assert latest["objects"] == []
