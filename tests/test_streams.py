"""Every WebSocket stream through a running daemon: real processes, weights, faces, things and voices."""

import asyncio
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import av
import cv2
import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from argusd.daemon.config import load_config
from argusd.scheduler.zoo.store import ZooStore

from .live_daemon import Daemon, started

pytestmark = [pytest.mark.weights, pytest.mark.slow]

MEDIA = Path(__file__).parents[2] / "shared" / "media"
if not MEDIA.is_dir():
    pytest.skip("the recordings are not here", allow_module_level=True)

Answers = list[dict[str, Any]]
CHUNK_S = 0.1
API_LIMIT_BYTES = 250_000_000


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    ZooStore(load_config().cache_dir).pull(["live", "sample"])
    with started(tmp_path_factory.mktemp("s")) as daemon:
        yield daemon


async def conversation(
    daemon: Daemon, path: str, messages: Iterable[bytes], period_s: float, enough: int
) -> Answers:
    """Send at this pace, over and over if need be, until there are answers enough."""
    sent = list(messages)
    answers: Answers = []
    async with aiohttp.ClientSession(daemon.url) as http, http.ws_connect(path) as socket:

        async def send() -> None:
            while True:
                for message in sent:
                    await socket.send_bytes(message)
                    await asyncio.sleep(period_s)  # a camera's pace, not a wait

        sending = asyncio.create_task(send())
        async with asyncio.timeout(60):
            while len(answers) < enough:
                answers.append(await socket.receive_json())
        sending.cancel()
    assert all("error" not in answer for answer in answers)
    return answers


def jpeg(pixels: NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".jpg", pixels)[1].tobytes()


def picture(path: Path) -> bytes:
    return jpeg(np.asarray(cv2.imread(str(path)), np.uint8))


def astronaut() -> bytes:
    return picture(ZooStore(load_config().cache_dir).file("astronaut", "astronaut.png"))


def speech(rate: int) -> list[bytes]:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
    with av.open(str(MEDIA / "speech" / "1688-142285-0000.flac")) as file:
        parts: list[Any] = [part for frame in file.decode(audio=0) for part in resampler.resample(frame)]
    samples = np.concatenate([part.to_ndarray()[0] for part in parts])
    step = round(CHUNK_S * rate)
    return [samples[at : at + step].tobytes() for at in range(0, len(samples) - step, step)]


async def test_a_face_is_found_and_its_gaze_told(daemon: Daemon) -> None:
    answers = await conversation(daemon, "/ml/stream/face1/face", [astronaut()], 0.2, 8)
    last = answers[-1]
    assert (last["face_count"], last["blink"], last["violations"]) == (1, False, [])
    left, top, right, bottom = last["faces"][0]
    assert left < 225 / 512 < right
    assert top < 115 / 512 < bottom
    assert last["gaze"]["direction"] == "center"
    assert abs(last["head_pose"]["yaw"]) < 15
    assert 0 < last["frame_age_ms"] < 2000
    assert answers[0]["captured_at"] < last["captured_at"]


async def test_nobody_there_is_a_violation_and_an_event_of_the_session(daemon: Daemon) -> None:
    wall = jpeg(np.full((480, 640, 3), 128, np.uint8))
    answers = await conversation(daemon, "/face/stream/face2", [wall], 0.2, 12)
    assert (answers[-1]["face_count"], answers[-1]["violations"]) == (0, ["face_absent"])
    async with aiohttp.ClientSession(daemon.url) as http, http.get("/sessions/face2/results") as response:
        assert (await response.json())["violations"]["face_absent"]["count"] == 1


async def test_persons_are_counted(daemon: Daemon) -> None:
    answers = await conversation(daemon, "/ml/stream/video1/video", [astronaut()], 0.5, 3)
    last = answers[-1]
    assert (last["multi_person"], last["phone_detected"]) == (False, False)
    assert "person" in {thing["label"] for thing in last["objects"]}
    pair = await conversation(daemon, "/video/stream/video2", [picture(MEDIA / "two_people.jpg")], 0.5, 3)
    assert (pair[-1]["person_count"], pair[-1]["multi_person"]) == (2, True)


@pytest.mark.parametrize("rate", [16_000, 48_000])
async def test_speech_is_heard_at_any_rate(daemon: Daemon, rate: int) -> None:
    path = f"/ml/stream/audio{rate}/audio?sample_rate={rate}"
    answers = await conversation(daemon, path, speech(rate), CHUNK_S, 120)
    speaking = [answer["has_speech"] for answer in answers]
    assert sum(speaking) > 60
    assert max(answer["rms"] for answer in answers) > 0.02
    silence = await conversation(daemon, path, [bytes(2 * rate // 10)], CHUNK_S, 30)
    assert {answer["has_speech"] for answer in silence} == {False}
    assert max(answer["rms"] for answer in silence) < 1e-4  # resampling dithers by a bit


async def test_a_hasty_client_is_answered_about_the_newest_and_told_what_was_skipped(daemon: Daemon) -> None:
    answers = await conversation(daemon, "/ml/stream/hasty/video", [astronaut()], 0.02, 4)
    assert sum(answer["skipped"] for answer in answers) > 20
    assert all(answer["frame_age_ms"] < 1500 for answer in answers)


async def test_the_api_stays_small(daemon: Daemon) -> None:
    assert psutil.Process(daemon.child("api").pid).memory_info().rss < API_LIMIT_BYTES
