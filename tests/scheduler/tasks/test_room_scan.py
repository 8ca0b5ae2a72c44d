"""Frames of a room scan with the real object detector."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from argusd.scheduler.contract.errors import BadPicture
from argusd.scheduler.contract.tasks.rooms import RoomScanFrame
from argusd.scheduler.tasks.room_scan import room_scan_frame

from ..pages import png
from ..recordings import Runners
from .direct_runner import DirectRunner

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def runner(runners: Runners) -> DirectRunner:
    return DirectRunner(runners)


async def test_the_first_frame_gives_a_reference(runner: DirectRunner, media: Path) -> None:
    seen = await room_scan_frame(RoomScanFrame(frame_b64=(media / "biden.jpg").read_bytes()), runner)
    assert seen.person_count == seen.counts["person"] == 1
    assert {thing.label for thing in seen.objects} == {"person", "tie"}
    assert seen.features is not None
    assert len(seen.features) % 40 == 0
    assert (seen.similarity, seen.same_place) == (None, None)


async def test_the_same_room_further_to_the_right(runner: DirectRunner, media: Path) -> None:
    picture = np.asarray(cv2.imread(str(media / "two_people.jpg")), np.uint8)
    left, right = picture[:, :900], picture[:, 200:]
    first = await room_scan_frame(RoomScanFrame(frame_b64=png(left)), runner)
    later = await room_scan_frame(
        RoomScanFrame(frame_b64=png(right), reference=first.features or b""), runner
    )
    assert later.same_place
    assert (later.similarity or 0) > 0.3
    assert later.features is None


async def test_another_room(runner: DirectRunner, media: Path) -> None:
    first = await room_scan_frame(RoomScanFrame(frame_b64=(media / "biden.jpg").read_bytes()), runner)
    other = RoomScanFrame(frame_b64=(media / "obama2.jpg").read_bytes(), reference=first.features or b"")
    seen = await room_scan_frame(other, runner)
    assert seen.same_place is False
    assert 0 <= (seen.similarity or 0) < 0.02


async def test_an_empty_wall(runner: DirectRunner) -> None:
    wall = png(np.full((480, 640, 3), 127, np.uint8))
    seen = await room_scan_frame(RoomScanFrame(frame_b64=wall), runner)
    assert (seen.objects, seen.person_count, seen.features) == ([], 0, b"")


async def test_what_is_no_image_is_refused(runner: DirectRunner) -> None:
    with pytest.raises(BadPicture):
        await room_scan_frame(RoomScanFrame(frame_b64=b"GIF89a"), runner)


async def test_people_far_away_are_seen_by_second_looks(runner: DirectRunner, media: Path) -> None:
    people = cv2.resize(np.asarray(cv2.imread(str(media / "two_people.jpg")), np.uint8), (256, 150))
    hall = np.full((1080, 1920, 3), 127, np.uint8)
    hall[300:450, 1300:1556] = people
    seen = await room_scan_frame(RoomScanFrame(frame_b64=png(hall)), runner)
    assert seen.person_count == 2
    once = await room_scan_frame(RoomScanFrame(frame_b64=png(hall), economy=True), runner)
    assert once.person_count == 0
