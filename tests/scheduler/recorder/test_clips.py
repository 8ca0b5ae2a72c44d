"""Clips as a player reads them."""

import threading
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from argusd.ingest.shm.frame import FrameInfo, PixelFormat
from argusd.scheduler.contract.media import SAMPLE_RATE
from argusd.scheduler.recorder.clips import Footage, GivenUp, write_clip
from argusd.scheduler.recorder.pictures import Shot

MS = 1_000_000
BEGINS = 5_000 * MS


def shots(*at_ms: int, size: tuple[int, int] = (64, 48)) -> list[Shot]:
    """Pictures that are the brighter the later they came."""
    taken = []
    for number, at in enumerate(at_ms):
        picture = np.full((size[1], size[0], 3), 20 * number, np.uint8)
        info = FrameInfo(*size, PixelFormat.I420, (0, 0, 0), 0, arrival_ns=BEGINS + at * MS)
        taken.append(Shot(info, cv2.imencode(".jpg", picture)[1].tobytes()))
    return taken


def tone(seconds: float) -> np.ndarray:
    times = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (8000 * np.sin(2 * np.pi * 440 * times)).astype(np.int16)


def test_pictures_come_at_their_times_and_in_their_order(tmp_path: Path) -> None:
    write_clip(Footage(shots(0, 125, 250, 900), tone(0), 0), threading.Event(), tmp_path / "clip.webm")
    with av.open(str(tmp_path / "clip.webm")) as clip:
        assert [stream.type for stream in clip.streams] == ["video"]
        frames = [(frame.time, frame.to_ndarray(format="gray").mean()) for frame in clip.decode(video=0)]
    assert [time for time, _ in frames] == pytest.approx([0, 0.125, 0.25, 0.9], abs=0.002)
    brightness = [brightness for _, brightness in frames]
    assert brightness == sorted(brightness)


@pytest.mark.parametrize("bgr", [(0, 0, 0), (255, 255, 255), (200, 80, 40), (30, 60, 220), (20, 200, 30)])
def test_colours_stay_what_they_were(bgr: tuple[int, int, int], tmp_path: Path) -> None:
    picture = cv2.imencode(".jpg", np.full((48, 64, 3), bgr, np.uint8))[1].tobytes()
    taken = [shot._replace(jpeg=picture) for shot in shots(0, 125)]
    write_clip(Footage(taken, tone(0), 0), threading.Event(), tmp_path / "clip.webm")
    with av.open(str(tmp_path / "clip.webm")) as clip:
        for frame in clip.decode(video=0):
            assert frame.to_ndarray(format="bgr24").mean(axis=(0, 1)) == pytest.approx(bgr, abs=6)


def test_sound_lies_where_it_was_heard(tmp_path: Path) -> None:
    footage = Footage(shots(0, 1000), tone(1.0), BEGINS + 500 * MS)
    assert (footage.begins_ns, footage.duration_s) == (BEGINS, 1.5)
    write_clip(footage, threading.Event(), tmp_path / "clip.webm")
    with av.open(str(tmp_path / "clip.webm")) as clip:
        pieces = [(frame.time, frame.to_ndarray()) for frame in clip.decode(audio=0)]
    assert pieces[0][0] == pytest.approx(0.5, abs=0.02)
    assert sum(piece.shape[1] for _, piece in pieces) == pytest.approx(48_000, abs=2_000)


def test_sound_alone_is_a_clip(tmp_path: Path) -> None:
    write_clip(Footage([], tone(1.0), BEGINS), threading.Event(), tmp_path / "clip.webm")
    with av.open(str(tmp_path / "clip.webm")) as clip:
        assert [stream.type for stream in clip.streams] == ["audio"]


def test_a_camera_that_is_turned_goes_on_in_the_first_pictures_size(tmp_path: Path) -> None:
    footage = Footage([*shots(0), *shots(125, size=(48, 64))], tone(0), 0)
    write_clip(footage, threading.Event(), tmp_path / "clip.webm")
    with av.open(str(tmp_path / "clip.webm")) as clip:
        assert [(frame.width, frame.height) for frame in clip.decode(video=0)] == [(64, 48)] * 2


def test_what_nobody_wants_any_more_is_not_encoded_to_its_end(tmp_path: Path) -> None:
    given_up = threading.Event()
    given_up.set()
    with pytest.raises(GivenUp):
        write_clip(Footage(shots(0, 125), tone(0), 0), given_up, tmp_path / "clip.webm")
