"""What a model saw is told again while the picture stays: real rings, a model that shows what it is given."""

from typing import Any

import cv2
import msgspec
import numpy as np
import pytest

from argusd.scheduler.core import Reuse, Roi
from argusd.scheduler.loaded.loaded_vision import FrameItem, LoadedVisionModel
from argusd.scheduler.media.tracks import Track
from argusd.scheduler.planning.curve import BatchCurve

from ..fakes import (
    ALICE,
    HEIGHT,
    WIDTH,
    ArenaWithTracks,
    FakeEngine,
    FakeStream,
    FakeVision,
    write_frame,
    write_jpeg,
)

CURVE = BatchCurve(sizes=[1, 4], seconds=[0.010, 0.012])
ALWAYS = Reuse(longest_s=5.0)


class Camera:
    """One row that looks at a picture of one brightness. Twice its brightness is what the model sees."""

    def __init__(self) -> None:
        self.engine = FakeEngine()
        self.loaded = LoadedVisionModel(FakeVision(), self.engine, CURVE)
        self.stream = FakeStream("face", {})
        self.stream.reuses = ALWAYS
        self.now = 100.0
        self.ring, ref = ArenaWithTracks().frames()
        self.feed = self.loaded.open("face_detector", {"video": Track(ALICE, ref)}, max_age_s=10.0)
        self.feed.follow()

    def show(self, brightness: int, after_s: float = 0.25) -> Any:
        self.now += after_s
        write_frame(self.ring, brightness, arrival=self.now)
        return self.look()

    def look(self) -> Any:
        item = self.feed.item(self.stream, 0, self.now)
        assert isinstance(item, FrameItem)
        return self.loaded.infer([item]).outputs[0]

    @property
    def runs(self) -> int:
        return len(self.engine.batches)


@pytest.fixture
def camera() -> Camera:
    return Camera()


def test_while_the_picture_stays_what_was_seen_first_is_told_again(camera: Camera) -> None:
    assert [camera.show(level) for level in (90, 92, 88, 91)] == [180.0] * 4
    assert camera.runs == 1


def test_every_look_runs_the_model_unless_its_stream_reuses(camera: Camera) -> None:
    camera.stream.reuses = None
    assert [camera.show(level) for level in (90, 92)] == [180.0, 184.0]
    camera.stream.reuses = ALWAYS
    assert [camera.show(level) for level in (93, 94)] == [186.0, 186.0], "what was seen before may not count"
    camera.stream.reuses = None
    camera.show(94)
    camera.stream.reuses = ALWAYS
    assert camera.show(95) == 190.0


def test_a_change_is_looked_at_and_so_is_the_way_back(camera: Camera) -> None:
    assert [camera.show(level) for level in (90, 120, 90)] == [180.0, 240.0, 180.0]
    assert camera.runs == 3


def test_what_changes_little_by_little_adds_up(camera: Camera) -> None:
    seen = [camera.show(level) for level in range(90, 130, 4)]
    assert seen == [180.0] * 3 + [204.0] * 3 + [228.0] * 3 + [252.0]


def test_nothing_holds_for_longer_than_its_stream_says(camera: Camera) -> None:
    camera.stream.reuses = Reuse(longest_s=0.7)
    for _ in range(7):
        camera.show(90)
    assert camera.runs == 3


def test_each_region_has_its_own_output(camera: Camera) -> None:
    whole, closer = Roi(32, 24, 64), Roi(32, 24, 32)
    item = camera.feed.item(camera.stream, 0, camera.now) if camera.show(90) else None
    assert item is None, "a frame is taken once"
    runs = camera.runs
    for roi in (whole, closer, whole, closer):
        camera.now += 0.25
        write_frame(camera.ring, 90, arrival=camera.now)
        item = camera.feed.item(camera.stream, 0, camera.now)
        assert isinstance(item, FrameItem)
        camera.loaded.infer([msgspec.structs.replace(item, roi=roi)])
    assert camera.runs == runs + 1, "the whole frame was looked at before"


def test_a_region_that_is_followed_may_change(camera: Camera) -> None:
    camera.stream.reuses = Reuse(longest_s=5.0, followed=Roi(WIDTH / 2, HEIGHT / 2, 2.0 * WIDTH))
    assert [camera.show(level) for level in (90, 200)] == [180.0, 180.0]
    camera.stream.reuses = Reuse(longest_s=5.0, followed=Roi(WIDTH / 2, HEIGHT / 2, WIDTH / 4))
    assert camera.show(201) == 180.0, "it holds as far as was said when it was seen"
    camera.stream.reuses = ALWAYS
    assert camera.show(202) == 404.0, "nothing is followed any more"


def test_only_those_rows_of_a_batch_are_run_whose_picture_changed(camera: Camera) -> None:
    other = Camera()
    camera.show(90)
    other.show(10)
    items = []
    for each, level in ((camera, 90), (other, 60)):
        write_frame(each.ring, level, arrival=each.now + 0.25)
        items.append(each.feed.item(each.stream, 0, each.now + 0.25))
    done = camera.loaded.infer([item for item in items if isinstance(item, FrameItem)])
    assert (done.outputs, done.reused) == ([180.0, 120.0], 1)
    assert camera.engine.batches == [1, 1]


def test_after_a_silence_nothing_is_known(camera: Camera) -> None:
    camera.show(90)
    camera.feed.forget()
    assert camera.show(92) == 184.0
    camera.feed.follow()
    assert camera.show(94) == 188.0


def test_a_picture_that_is_overwritten_meanwhile_is_not_taken_for_the_old_one(camera: Camera) -> None:
    camera.show(90)
    camera.now += 0.25
    write_frame(camera.ring, 90, arrival=camera.now)
    item = camera.feed.item(camera.stream, 0, camera.now)
    assert isinstance(item, FrameItem)
    camera.ring.close()
    assert camera.loaded.infer([item]).outputs[0] != 180.0


def test_a_jpeg_is_compared_once_it_is_decoded(camera: Camera) -> None:
    seen = []
    for level in (90, 91, 140):
        camera.now += 0.25
        data = cv2.imencode(".jpg", np.full((HEIGHT, WIDTH, 3), level, np.uint8))[1].tobytes()
        write_jpeg(camera.ring, data, arrival=camera.now)
        seen.append(camera.look())
    assert (seen, camera.runs) == ([180.0, 180.0, 280.0], 2)


def test_a_jpeg_holds_for_no_longer_either(camera: Camera) -> None:
    data = cv2.imencode(".jpg", np.full((HEIGHT, WIDTH, 3), 90, np.uint8))[1].tobytes()
    camera.stream.reuses = Reuse(longest_s=0.7)
    for _ in range(7):
        camera.now += 0.25
        write_jpeg(camera.ring, data, arrival=camera.now)
        camera.look()
    assert camera.runs == 3
