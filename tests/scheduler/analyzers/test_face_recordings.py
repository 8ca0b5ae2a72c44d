"""The face stream with real models on real recordings; the truth was read off the frames."""

from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.ingest.shm.ring import FrameView
from argusd.scheduler.analyzers.face import FaceAnalyzer
from argusd.scheduler.contract.policy import Policy
from argusd.scheduler.core import Roi
from argusd.scheduler.models.faces.facemesh import LEFT_EYELIDS, RIGHT_EYELIDS

from ...media import OURS, Eyes, Shots
from ..recordings import (
    DecodedFrame,
    Film,
    Findings,
    Runners,
    frames,
    from_bgr,
    mirrored,
    slides,
    through_vp8,
    watch,
)

pytestmark = pytest.mark.weights


def play(runners: Runners, film: Film) -> Findings:
    return watch(runners, FaceAnalyzer(Policy()), film)


def film(source: Path, sent_as_vp8: bool) -> Film:
    return frames(through_vp8(source) if sent_as_vp8 else source)


def directions(findings: Findings, begin_s: float, end_s: float) -> set[str | None]:
    return {latest["gaze"] and latest["gaze"]["direction"] for latest in findings.between(begin_s, end_s)}


@pytest.mark.parametrize("sent_as_vp8", [False, True])
def test_eyes_that_go_to_the_side_and_come_back(runners: Runners, eyes: Eyes, sent_as_vp8: bool) -> None:
    """From 5.6 s to 10.35 s the eyes are at the left of the picture, which is the man's right."""
    findings = play(runners, film(eyes.aside, sent_as_vp8))

    start, end = findings.violations("gaze_away")
    assert (start.state, end.state) == ("start", "end")
    assert start.data["direction"] == end.data["direction"] == "right"
    assert start.data["start_s"] == pytest.approx(5.65, abs=0.25)
    assert end.data["end_s"] == pytest.approx(10.35, abs=0.25)
    assert end.data["value"] <= -start.data["threshold"]
    assert directions(findings, 0, 5.5) | directions(findings, 11, 15) == {"center"}
    assert {latest["face_count"] for latest in findings.between(0, 15)} == {1}
    assert {told.outcome.name for told in findings.told} == {"gaze_away", "face"}


@pytest.mark.parametrize("sent_as_vp8", [False, True])
def test_eyes_on_the_camera_are_no_violation(runners: Runners, eyes: Eyes, sent_as_vp8: bool) -> None:
    findings = play(runners, film(eyes.ahead, sent_as_vp8))

    assert {told.outcome.name for told in findings.told} == {"face"}
    assert directions(findings, 0, 10) == {"center"}
    for latest in findings.between(0, 10):
        assert max(abs(angle) for angle in latest["head_pose"].values()) < 8
        assert latest["face_count"] == 1
        assert not latest["blink"]


@pytest.mark.parametrize("sent_as_vp8", [False, True])
def test_face_counts_follow_the_shots(runners: Runners, shots: Shots, sent_as_vp8: bool) -> None:
    findings = play(runners, film(shots.film, sent_as_vp8))

    begin_s, end_s = shots.company
    for alone in shots.alone:
        assert {latest["face_count"] for latest in findings.between(*alone)} == {1}
    assert {latest["face_count"] for latest in findings.between(begin_s + 1.0, end_s)} <= shots.counts
    start, _ = findings.violations("multiple_faces")
    assert start.data["start_s"] >= begin_s
    assert not findings.violations("face_absent")


@pytest.mark.parametrize(
    ("name", "count"), [("obama.jpg", 1), ("obama2.jpg", 1), ("biden.jpg", 1), ("two_people.jpg", 2)]
)
def test_faces_of_a_photograph(runners: Runners, media: Path, name: str, count: int) -> None:
    (_, latest), *_ = play(runners, frames(media / name)).latest
    assert latest["face_count"] == len(latest["faces"]) == count


def test_a_mirrored_picture_has_the_other_direction(runners: Runners, eyes: Eyes) -> None:
    """The man looks to his right; mirrored, it must be left, by about as much."""
    aside = [item for item in frames(eyes.aside) if 7 <= item[0] < 7.2]
    straight = play(runners, aside).latest[-1][1]
    other = play(runners, mirrored(aside)).latest[-1][1]
    assert (straight["gaze"]["direction"], other["gaze"]["direction"]) == ("right", "left")
    assert straight["gaze"]["x"] == pytest.approx(-other["gaze"]["x"], abs=0.04)
    for angle in ("yaw", "roll"):
        assert straight["head_pose"][angle] == pytest.approx(-other["head_pose"][angle], abs=2)


def test_a_person_who_leaves_and_comes_back(runners: Runners, media: Path) -> None:
    _, person = next(iter(frames(media / "obama.jpg")))
    empty = from_bgr(np.full((480, 852, 3), 90, np.uint8))
    findings = play(runners, slides((person, 3), (empty, 4), (person, 3)))

    start, end = findings.violations("face_absent")
    assert start.data["start_s"] == pytest.approx(3.0, abs=0.75)
    assert end.data["end_s"] == pytest.approx(7.0, abs=0.75)
    gone = findings.between(5, 7)
    assert {latest["face_count"] for latest in gone} == {0}
    assert all(latest["gaze"] is None and latest["head_pose"] is None for latest in gone)
    assert all(latest["gaze"] is not None for latest in findings.between(8, 10))


def with_eyes_shut(pixels: NDArray[np.uint8], points: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Stretch the skin above each eye down to its lower lid, column by column, and draw the lashes there."""
    shut = pixels.copy()
    for eye in (RIGHT_EYELIDS, LEFT_EYELIDS):
        lower, upper = points[eye[:9]], points[[eye[0], *eye[9:], eye[8]]]
        for x in range(int(lower[:, 0].min()), int(lower[:, 0].max()) + 1):
            below, above = (np.interp(x, *line[np.argsort(line[:, 0])].T) for line in (lower, upper))
            top = 2 * above - below - 4
            rows = np.arange(int(top), int(below) + 1)
            shut[rows, x] = pixels[np.interp(rows, (top, below), (top, above - 3)).astype(int), x]
            shut[int(below) - 1 : int(below) + 1, x] = (30, 20, 20)
    return shut


def test_shut_eyes_are_a_blink(runners: Runners, media: Path) -> None:
    pixels = np.asarray(cv2.imread(str(media / "biden.jpg")), np.uint8)
    points = runners("face_mesh").look(from_bgr(pixels), Roi(581, 400, 540)).points
    shut = with_eyes_shut(pixels, points[:, :2])
    findings = play(runners, slides((from_bgr(pixels), 1), (from_bgr(shut), 0.5), (from_bgr(pixels), 1)))
    assert [latest["blink"] for _, latest in findings.latest] == [False] * 8 + [True] * 4 + [False] * 8
    assert not findings.violations("gaze_away")

    findings = play(runners, slides((from_bgr(pixels), 1), (from_bgr(shut), 2)))
    assert not findings.violations("gaze_away")
    _, latest = findings.latest[-1]
    assert (latest["gaze"], latest["gaze_unknown"], latest["blink"]) == (None, "closed", False)


SHOWN = OURS / "valset" / "media"


@pytest.mark.skipif(not SHOWN.is_dir(), reason="no labelled clips beside the repository")
@pytest.mark.parametrize(
    ("clip", "begin_s", "end_s", "direction"), [("lvp_d3", 2.2, 4.5, "down"), ("lvp_d12", 2.4, 3.7, "up")]
)
def test_people_who_look_down_or_up(
    runners: Runners, clip: str, begin_s: float, end_s: float, direction: str
) -> None:
    """They take their lids along; one of them wears glasses, and turns the head a little."""
    shown = [item for item in frames(SHOWN / f"{clip}.mp4") if begin_s <= item[0] < end_s]
    findings = play(runners, shown)
    start, _ = findings.violations("gaze_away")
    assert begin_s <= start.data["start_s"] < begin_s + 1
    assert direction in directions(findings, begin_s, end_s)


def test_a_face_in_the_dark_looks_nowhere(runners: Runners, eyes: Eyes) -> None:
    """Where hardly anything is seen the mesh would draw lids that are nearly shut."""
    noise = np.random.default_rng(1)

    def in_the_dark(film: Film) -> Film:
        for media_s, frame in film:
            pixels = (frame.planes[0] - 16.0) * 0.07 + noise.normal(16, 2, frame.planes[0].shape)
            dark = [pixels.clip(0, 255).astype(np.uint8), *frame.planes[1:]]
            yield media_s, cast(FrameView, DecodedFrame(frame.info, dark))

    shown = (item for item in frames(eyes.ahead) if item[0] < 3)
    findings = play(runners, in_the_dark(shown))
    assert not findings.violations("gaze_away")
    seen = findings.between(1, 3)
    assert {latest["face_count"] for latest in seen} == {1}
    assert {(latest["gaze"], latest["gaze_unknown"]) for latest in seen} == {(None, "too_dark")}


@pytest.mark.parametrize("part", [0.9, 1.2, 2.0])
def test_a_face_that_fills_the_frame_is_found(runners: Runners, media: Path, part: float) -> None:
    """The picture is cut to ``part`` of the face's width around it."""
    pixels = np.asarray(cv2.imread(str(media / "biden.jpg")), np.uint8)
    x, y, half = 576, 400, int(160 * part)
    close = from_bgr(pixels[y - half : y + half, x - half : x + half])
    findings = play(runners, slides((close, 3)))
    assert {latest["face_count"] for latest in findings.between(1.5, 3)} == {1}


@pytest.mark.parametrize("width", [150, 90, 75])
def test_a_face_at_the_other_end_of_the_room_is_found(runners: Runners, media: Path, width: int) -> None:
    """``width`` pixels of 1280."""
    near = np.asarray(cv2.imread(str(media / "biden.jpg")), np.uint8)[150:900]
    small = cv2.resize(near, None, fx=width / 320, fy=width / 320, interpolation=cv2.INTER_AREA)
    room = np.full((720, 1280, 3), 90, np.uint8)
    room[100 : 100 + small.shape[0], 600 : 600 + small.shape[1]] = small
    findings = play(runners, slides((from_bgr(room), 2)))
    assert {latest["face_count"] for latest in findings.between(0, 2)} == {1}


@pytest.mark.parametrize(("economy", "count"), [(True, 1), (False, 2)])
def test_a_second_person_in_the_background_is_counted(
    runners: Runners, media: Path, economy: bool, count: int
) -> None:
    """30 pixels of 1280, which the whole frame does not show."""
    room = np.full((720, 1280, 3), 90, np.uint8)
    near, far = (np.asarray(cv2.imread(str(media / f"{name}.jpg")), np.uint8) for name in ("biden", "obama"))
    for pixels, width, left in ((near, 420, 300), (far, 240, 1000)):
        scale = width / pixels.shape[1]
        small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[:700]
        room[20 : 20 + small.shape[0], left : left + small.shape[1]] = small
    film = slides((from_bgr(room), 1.5))
    findings = watch(runners, FaceAnalyzer(Policy(economy=economy)), film)
    assert findings.latest[-1][1]["face_count"] == count
