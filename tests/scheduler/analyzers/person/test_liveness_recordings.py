"""Filmed people, and a portrait that is held before the camera, by what FaceMesh sees of them."""

from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import cv2
import numpy as np
import pytest

from argusd.ingest.shm.ring import FrameView
from argusd.scheduler.analyzers.face import FaceAnalyzer
from argusd.scheduler.contract.policy import Hold, Policy, Rates

from ....media import OURS
from ...recordings import Film, Findings, Runners, frames, from_bgr, watch
from ..heads import rotation

pytestmark = pytest.mark.weights

ASKED = Policy(liveness=Hold(start_after_s=0), rates=Rates(face_detector=0.2))
PEOPLE = OURS / "valset" / "media"
WIDTH, HEIGHT, HZ = 640, 480, 5
AWAY = 1.2  # picture heights


def verdicts(findings: Findings) -> list[str]:
    return [latest["liveness"]["verdict"] for _, latest in findings.latest]


@pytest.mark.parametrize("name", ["vrt_4.mp4", "lvp_d14.mp4"])
def test_people_who_talk_or_blink_are_alive(runners: Runners, name: str) -> None:
    if not (PEOPLE / name).exists():
        pytest.skip(f"{PEOPLE / name} is not there")
    film = takewhile(lambda shown: shown[0] < 4.5, frames(PEOPLE / name))
    findings = watch(runners, FaceAnalyzer(ASKED), film)
    assert verdicts(findings)[-1] == "live"
    assert "flat" not in verdicts(findings)


def held(portrait: Path, tilt_deg: float, seconds: float) -> Film:
    """It is swung to and fro before a grey wall, with a camera's noise and a lamp that flickers."""
    pixels = np.asarray(cv2.imread(str(portrait)), np.uint8)[150:750, 320:850]
    size = np.array(pixels.shape[1::-1], np.float64)
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * size
    flat = np.column_stack([(corners - size / 2) / size[1], np.zeros(4)])
    noise = np.random.default_rng(3).normal(0, 3, (HEIGHT, WIDTH, 3)).astype(np.float32)

    def shown(media_s: float) -> FrameView:
        yaw, pitch, roll = tilt_deg * np.sin(2 * np.pi * media_s / np.array([4.7, 6.1, 7.9])) * [1, 0.6, 0.4]
        placed = flat @ rotation(yaw, pitch, roll).T
        view = placed[:, :2] * HEIGHT / (AWAY + placed[:, 2:]) + [WIDTH / 2, HEIGHT / 2]
        onto = cv2.getPerspectiveTransform(corners.astype(np.float32), view.astype(np.float32))
        wall = cv2.warpPerspective(pixels, onto, (WIDTH, HEIGHT), borderValue=(90, 95, 100))
        lit = wall * np.float32(1 + 0.1 * np.sin(media_s)) + np.roll(noise, int(media_s * 1009), axis=1)
        return from_bgr(lit.clip(0, 255).astype(np.uint8))

    def film() -> Iterator[tuple[float, FrameView]]:
        for number in range(int(seconds * HZ)):
            yield number / HZ, shown(number / HZ)

    return film()


def test_a_portrait_that_is_waved_before_the_camera_is_flat(runners: Runners, media: Path) -> None:
    findings = watch(runners, FaceAnalyzer(ASKED), held(media / "biden.jpg", 30, 16.5))
    assert "live" not in verdicts(findings)
    assert verdicts(findings)[-1] == "flat"
    start, _ = findings.violations("not_live")
    assert start.data["tilted"]
    assert start.data["blinks"] == 0


def test_of_a_portrait_that_hardly_moves_nothing_is_claimed_so_soon(runners: Runners, media: Path) -> None:
    findings = watch(runners, FaceAnalyzer(ASKED), held(media / "biden.jpg", 3, 6))
    assert set(verdicts(findings)) == {"unknown"}
