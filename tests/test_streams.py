"""Every WebSocket stream through a running daemon: real processes, weights, faces, things and voices."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import av
import cv2
import msgspec
import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from argusd.daemon.config import load_config
from argusd.interviewer_bridge import MLOrchestratorClient
from argusd.interviewer_bridge.events import subscribe
from argusd.scheduler.contract.events import Event
from argusd.scheduler.contract.policy import Policy, Rates
from argusd.scheduler.zoo.store import ZooStore

from .live_daemon import Daemon, started
from .media import Voices

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]

Answers = list[dict[str, Any]]
CHUNK_S = 0.1
API_LIMIT_BYTES = 250_000_000


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    ZooStore(load_config().cache_dir).pull(["live", "sample"])
    with started(tmp_path_factory.mktemp("s")) as daemon:
        yield daemon


async def conversation(
    daemon: Daemon, path: str, messages: Iterable[bytes], period_s: float, enough: Callable[[Answers], bool]
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
        try:
            while not enough(answers):
                answers.append(msgspec.json.decode((await socket.receive()).data))
                assert "error" not in answers[-1], answers[-1]
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
    return answers


def count(number: int) -> Callable[[Answers], bool]:
    """So many answers are enough."""
    return lambda answers: len(answers) >= number


def told(name: str, value: object) -> Callable[[Answers], bool]:
    """An answer that says this is enough."""
    return lambda answers: bool(answers) and answers[-1][name] == value


def jpeg(pixels: NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".jpg", pixels)[1].tobytes()


def picture(path: Path) -> bytes:
    return jpeg(np.asarray(cv2.imread(str(path)), np.uint8))


def astronaut() -> bytes:
    return picture(ZooStore(load_config().cache_dir).file("astronaut", "astronaut.png"))


def speech(rate: int, voice: Path) -> list[bytes]:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
    with av.open(str(voice)) as file:
        parts: list[Any] = [part for frame in file.decode(audio=0) for part in resampler.resample(frame)]
    samples = np.concatenate([part.to_ndarray()[0] for part in parts])
    step = round(CHUNK_S * rate)
    return [samples[at : at + step].tobytes() for at in range(0, len(samples) - step, step)]


async def test_a_face_is_found_and_its_gaze_told(daemon: Daemon) -> None:
    answers = await conversation(daemon, "/ml/stream/face1/face", [astronaut()], 0.2, count(8))
    last = answers[-1]
    assert (last["face_count"], last["blink"], last["violations"]) == (1, False, [])
    left, top, right, bottom = last["faces"][0]
    assert left < 225 / 512 < right
    assert top < 115 / 512 < bottom
    assert last["gaze"]["direction"] == "center"
    assert abs(last["head_pose"]["yaw"]) < 15
    assert last["frame_age_ms"] > 0
    assert answers[0]["captured_at"] < last["captured_at"]


async def test_nobody_there_is_a_violation_and_an_event_of_the_session(daemon: Daemon) -> None:
    wall = jpeg(np.full((480, 640, 3), 128, np.uint8))
    absent = told("violations", ["face_absent"])
    answers = await conversation(daemon, "/face/stream/face2", [wall], 0.2, absent)
    assert {answer["face_count"] for answer in answers} == {0}
    assert await edges_until_closed(daemon, "face2") == [("face_absent", "start"), ("face_absent", "end")]
    async with aiohttp.ClientSession(daemon.url) as http, http.get("/sessions/face2/results") as response:
        found = (await response.json())["violations"]["face_absent"]
    assert (found["count"], found["open_since_s"]) == (1, None)


async def edges_until_closed(daemon: Daemon, session_id: str) -> list[tuple[str, str]]:
    """Starts and ends of a session's violations, up to the end of its media."""
    edges: list[tuple[str, str]] = []
    async with contextlib.aclosing(subscribe(daemon.url, session_id, last_event_id="0")) as events:
        async for event in events:
            assert isinstance(event, Event), event
            if event.name == "closed":
                break
            if event.type == "violation" and event.state != "update":
                edges.append((event.name, event.state))
    return edges


async def test_persons_are_counted(daemon: Daemon, media: Path) -> None:
    answers = await conversation(daemon, "/ml/stream/video1/video", [astronaut()], 0.5, count(3))
    last = answers[-1]
    assert (last["multi_person"], last["phone_detected"]) == (False, False)
    assert "person" in {thing["label"] for thing in last["objects"]}
    two = [picture(media / "two_people.jpg")]
    pair = await conversation(daemon, "/video/stream/video2", two, 0.5, count(3))
    assert (pair[-1]["person_count"], pair[-1]["multi_person"]) == (2, True)


@pytest.mark.parametrize("rate", [16_000, 48_000])
async def test_speech_is_heard_at_any_rate(daemon: Daemon, voices: Voices, rate: int) -> None:
    path = f"/ml/stream/{voices}{rate}/audio?sample_rate={rate}"
    answers = await conversation(daemon, path, speech(rate, voices.paths()[0]), CHUNK_S, count(120))
    speaking = [answer["has_speech"] for answer in answers]
    assert sum(speaking) > 60
    assert max(answer["rms"] for answer in answers) > 0.02
    silence = await conversation(daemon, path, [bytes(2 * rate // 10)], CHUNK_S, count(30))
    assert {answer["has_speech"] for answer in silence} == {False}
    assert max(answer["rms"] for answer in silence) < 1e-4  # resampling dithers by a bit


async def test_a_hasty_client_is_answered_about_the_newest_and_told_what_was_skipped(daemon: Daemon) -> None:
    def enough(answers: Answers) -> bool:
        return len(answers) > 1 and sum(answer["skipped"] for answer in answers) > 20

    answers = await conversation(daemon, "/ml/stream/hasty/video", [astronaut()], 0.02, enough)
    seen_at = [answer["captured_at"] for answer in answers]
    assert seen_at == sorted(set(seen_at))


async def test_the_api_stays_small(daemon: Daemon) -> None:
    assert psutil.Process(daemon.child("api").pid).memory_info().rss < API_LIMIT_BYTES


async def test_a_violation_that_a_killed_scheduler_left_open_ends_and_may_start_again(daemon: Daemon) -> None:
    wall = jpeg(np.full((480, 640, 3), 128, np.uint8))
    heard: list[list[str]] = []

    def again(answers: Answers) -> bool:
        """Absent, the scheduler killed, nothing known yet, absent."""
        for answer in answers[-1:]:
            if not heard or heard[-1] != answer["violations"]:
                heard.append(answer["violations"])
                if heard == [[], ["face_absent"]]:
                    daemon.child("scheduler-0").kill()
        return heard == [[], ["face_absent"]] * 2

    await conversation(daemon, "/ml/stream/face3/face", [wall], 0.2, again)
    edges = await edges_until_closed(daemon, "face3")
    assert edges == [("face_absent", "start"), ("face_absent", "end")] * 2


async def test_a_policy_that_changes_leaves_a_violation_open(daemon: Daemon) -> None:
    wall = jpeg(np.full((480, 640, 3), 128, np.uint8))
    absent, in_force = asyncio.Event(), asyncio.Event()
    since: list[list[str]] = []  # the violations at every look from when one was open

    def enough(answers: Answers) -> bool:
        """Absent, the policy changed, and time enough to be absent anew."""
        if answers and (absent.is_set() or answers[-1]["violations"]):
            since.append(answers[-1]["violations"])
            absent.set()
            if not in_force.is_set():
                since[:] = since[-1:]
        return len(since) > 20

    async def change() -> None:
        async with MLOrchestratorClient(daemon.url) as client:
            await absent.wait()
            asked = await client.define_session("face4", Policy(rates=Rates(face_mesh=4.0)))
            while (await client.policy_state("face4")).policy_in_force != asked.policy_version:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            in_force.set()

    changing = asyncio.create_task(change())
    await conversation(daemon, "/ml/stream/face4/face", [wall], 0.2, enough)
    await changing
    assert since == [["face_absent"]] * len(since)
    assert await edges_until_closed(daemon, "face4") == [("face_absent", "start"), ("face_absent", "end")]
