"""Lip sync through a running daemon, by WebSocket and WebRTC, on a face that talks (``talking_face.py``)."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.daemon.config import load_config
from argusd.interviewer_bridge.client import MLOrchestratorClient
from argusd.interviewer_bridge.stream_media import AudioChunk, VideoFrame
from argusd.scheduler.zoo.store import ZooStore

from .live_daemon import Daemon, Event, started
from .media import AMI
from .scheduler.recordings import samples
from .talking_face import FPS, RATE, Picture, TalkingFace, talking_face, write_clip

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(300)]

SPEECH_S = 14
LATE_S = 0.4
BEGIN = 1000.0  # of the callers' clock, which is none that the daemon has
Findings = list[dict[str, Any]]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    ZooStore(load_config().cache_dir).pull(["live", "sample"])
    with started(tmp_path_factory.mktemp("s")) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def portrait() -> Picture:
    path = ZooStore(load_config().cache_dir).file("astronaut", "astronaut.png")
    return np.asarray(cv2.imread(str(path)), np.uint8)


@pytest.fixture(scope="module")
def speech() -> NDArray[np.int16]:
    """Fourteen seconds of one speaker."""
    spoken = [samples(AMI.path(name)) for name in ("MEO069-0000", "MEO069-0001")]
    return np.concatenate(spoken)[: SPEECH_S * RATE]


async def sent(
    face: TalkingFace, sound_takes_s: float = 0.0, *, endless: bool = True
) -> AsyncIterator[VideoFrame | AudioChunk]:
    """The face as it is captured, over and over; its sound is ``sound_takes_s`` longer on its way."""
    loop = asyncio.get_running_loop()
    started_at, step, behind = loop.time(), RATE // FPS, round(sound_takes_s * FPS)
    jpegs = [cv2.imencode(".jpg", picture)[1].tobytes() for picture in face.pictures]
    number = 0
    while endless or number < len(jpegs):
        at = number % len(jpegs)
        yield VideoFrame(jpegs[at], BEGIN + number / FPS)
        if (heard := number - behind) >= 0:
            at = heard % len(jpegs)
            yield AudioChunk(face.sound[at * step : (at + 1) * step].tobytes(), BEGIN + heard / FPS)
        number += 1
        await asyncio.sleep(max(0.0, started_at + number / FPS - loop.time()))  # a camera's pace


async def findings(
    daemon: Daemon,
    session: str,
    media: AsyncIterator[VideoFrame | AudioChunk],
    enough: Callable[[Findings], bool],
) -> Findings:
    told: Findings = []
    async with (
        MLOrchestratorClient(daemon.url) as client,
        contextlib.aclosing(client.stream(session, "lipsync", media)) as stream,
    ):
        async for finding in stream:
            told.append(finding)
            if enough(told):
                break
    return told


def scored(number: int) -> Callable[[Findings], bool]:
    return lambda told: len([finding for finding in told if finding["score"] is not None]) >= number


def violated(told: Findings) -> bool:
    return bool(told[-1]["type"] == "lip_sync_violation")


async def test_over_a_websocket_a_face_as_it_was_made_is_in_sync(
    daemon: Daemon, portrait: Picture, speech: NDArray[np.int16]
) -> None:
    told = await findings(daemon, "made", sent(talking_face(portrait, speech)), scored(5))
    assert {finding["type"] for finding in told} == {"sync_score"}
    assert told[0]["score"] is None, "there is nothing to compare before six seconds were heard"
    compared = [finding for finding in told if finding["score"] is not None]
    assert {finding["sync"] for finding in compared} == {"in_sync"}
    assert all(abs(finding["offset_ms"]) <= 80 for finding in compared)
    assert all(finding["ts"] >= BEGIN for finding in told), "all times are the caller's"
    assert told[-1]["models"]["lip_sync"] == "mouth_correlation"


@pytest.mark.parametrize("late_s", [LATE_S, -LATE_S])
async def test_over_a_websocket_sound_that_was_moved_is_a_violation(
    daemon: Daemon, portrait: Picture, speech: NDArray[np.int16], late_s: float
) -> None:
    media = sent(talking_face(portrait, speech, late_s))
    told = await findings(daemon, f"moved{late_s > 0}", media, violated)
    assert told[-1]["offset_ms"] == pytest.approx(1000 * late_s, abs=80)
    assert told[-1]["score"] < 0.5
    assert told[-1]["violations"] == ["lip_sync_violation"]


async def test_when_sound_arrives_says_nothing(
    daemon: Daemon, portrait: Picture, speech: NDArray[np.int16]
) -> None:
    told = await findings(daemon, "slow", sent(talking_face(portrait, speech), LATE_S), scored(4))
    assert {finding["type"] for finding in told} == {"sync_score"}
    assert all(abs(finding["offset_ms"]) <= 80 for finding in told if finding["score"] is not None)


async def test_a_mouth_that_keeps_still_is_not_compared(
    daemon: Daemon, portrait: Picture, speech: NDArray[np.int16]
) -> None:
    still = talking_face(portrait, speech)._replace(pictures=[portrait] * (SPEECH_S * FPS))
    told = await findings(daemon, "still", sent(still), lambda told: len(told) >= 9)
    assert {finding["score"] for finding in told} == {None}
    assert told[-1]["has_speech"]
    assert not told[-1]["mouth_moving"]


def published(daemon: Daemon, face: TalkingFace, session: str, folder: Path) -> list[Event]:
    """Its events, where nothing else is looked for: a busy machine has time for this stream."""
    clip = folder / f"{session}.webm"
    write_clip(face, clip)
    wanted = Request(f"{daemon.url}/sessions/{session}", b'{"streams": ["lipsync"]}', method="PUT")
    wanted.add_header("Content-Type", "application/json")
    urlopen(wanted).close()
    return [event for event in daemon.publish(str(clip), session) if event["stream"] == "lipsync"]


def test_over_webrtc_a_face_as_it_was_made_is_in_sync(
    daemon: Daemon, portrait: Picture, speech: NDArray[np.int16], tmp_path: Path
) -> None:
    events = published(daemon, talking_face(portrait, speech), "rtc-made", tmp_path)
    assert {event["type"] for event in events} == {"observation"}
    compared = [event["data"] for event in events if event["data"]["score"] is not None]
    assert compared
    assert {each["sync"] for each in compared} == {"in_sync"}
    assert all(abs(each["offset_ms"]) <= 120 for each in compared)


def test_over_webrtc_sound_that_was_moved_is_a_violation(
    daemon: Daemon, portrait: Picture, speech: NDArray[np.int16], tmp_path: Path
) -> None:
    events = published(daemon, talking_face(portrait, speech, LATE_S), "rtc-moved", tmp_path)
    edges = [event for event in events if event["name"] == "lip_sync_violation"]
    assert [event["state"] for event in edges] == ["start", "end"]
    assert edges[0]["data"]["offset_ms"] == pytest.approx(1000 * LATE_S, abs=120)
    assert edges[0]["data"]["score"] < 0.5
    with urlopen(f"{daemon.url}/sessions/rtc-moved/results") as response:
        known = json.load(response)
    assert known["violations"]["lip_sync_violation"]["count"] == 1
    assert "offset_ms" in known["streams"]["lipsync"]["data"]
