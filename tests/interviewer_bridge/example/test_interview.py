"""The example's interviews against a running daemon: real models, real people, real WebRTC, real streams."""

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import pytest
from aiortc.contrib.media import MediaRelay
from av import AudioResampler
from av import open as open_media

from argusd.daemon.config import load_config
from argusd.interviewer_bridge import Event, Gap, MLOrchestratorClient
from argusd.interviewer_bridge.errors import InvalidRequest, ModelUnavailable, NoFace, NotThere, NoVoice
from argusd.interviewer_bridge.publish.media import open_file
from argusd.interviewer_bridge.publish.publisher import Publisher
from argusd.interviewer_bridge.publish.relay import relayed
from argusd.scheduler.zoo.store import ZooStore

from ...live_daemon import Daemon, started
from ...media import AMI, Eyes
from ...waiting import LONGEST_S
from ..peer import received

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def daemon(state_dir: Path) -> Iterator[Daemon]:
    ZooStore(load_config().cache_dir).pull(["live", "registry"])
    with started(state_dir) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def redis_url(state_dir: Path) -> str:
    """The daemon's own Redis, as a service of the same host may read it."""
    (socket,) = state_dir.rglob("redis.sock")
    return f"unix://{socket}"


@pytest.fixture
async def ml(daemon: Daemon) -> AsyncIterator[MLOrchestratorClient]:
    async with MLOrchestratorClient(daemon.url, timeout_s=60) as client:
        yield client


def pictures(clip: Path, count: int, every: int = 1) -> list[bytes]:
    """Frames of a clip as JPEGs."""
    with open_media(str(clip)) as container:
        frames = islice(container.decode(video=0), 0, count * every, every)
        return [cv2.imencode(".jpg", each.to_ndarray(format="bgr24"))[1].tobytes() for each in frames]


@pytest.fixture
def still(eyes: Eyes, tmp_path: Path) -> Path:
    """The man of the films, alone."""
    path = tmp_path / "still.jpg"
    path.write_bytes(pictures(eyes.ahead, 1)[0])
    return path


@pytest.fixture(scope="session")
def spoken() -> tuple[Path, Path, Path]:
    """By one speaker, by the same again, by another."""
    one, same, other, *_ = AMI.paths()
    return one, same, other


def hold(daemon: Daemon, **options: Path | str) -> tuple[list[str], Any]:
    """Run the example as a person would: the violations it printed meanwhile, and its report."""
    command = [sys.executable, "-P", "-m", "argusd.interviewer_bridge.example", "--url", daemon.url]
    for option, value in options.items():
        command += [f"--{option.replace('_', '-')}", str(value)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST_S)
    assert done.returncode == 0, done.stderr
    printed, brace, report = done.stdout.partition("{\n")
    return [line.split(" s  ")[1] for line in printed.splitlines()], json.loads(brace + report)


def test_who_was_enrolled_is_recognised_and_passes(
    daemon: Daemon, eyes: Eyes, still: Path, spoken: tuple[Path, Path, Path]
) -> None:
    one, same, _ = spoken
    people = {"face": still, "voice": one, "now_face": still, "now_voice": same}
    session = f"the-same-{eyes.aside.stem}"
    printed, report = hold(daemon, session=session, room=still, recording=eyes.aside, **people)
    assert printed == ["gaze_away start", "gaze_away end"]
    assert report["verification"]["face_match"] is True
    assert report["verification"]["voice_match"] is True
    assert report["room"]["person_count"] == 1
    assert report["results"]["state"] == "closed"
    assert report["results"]["violations"]["gaze_away"]["count"] == 1
    assert report["reasons"] == []


def test_somebody_else_is_sent_to_review(
    daemon: Daemon, eyes: Eyes, media: Path, spoken: tuple[Path, Path, Path]
) -> None:
    one, _, other = spoken
    faces = {"face": media / "biden.jpg", "now_face": media / "obama2.jpg"}
    session, two = f"another-{eyes.aside.stem}", media / "two_people.jpg"
    printed, report = hold(
        daemon, session=session, room=two, recording=eyes.aside, voice=one, now_voice=other, **faces
    )
    assert "identity_mismatch start" in printed
    assert report["reasons"] == ["face_differs", "voice_differs", "not_alone_in_room", "identity_mismatch"]


async def test_errors_are_typed(ml: MLOrchestratorClient) -> None:
    wall = cv2.imencode(".png", cv2.UMat(240, 320, cv2.CV_8UC3, (90, 90, 90)).get())[1].tobytes()
    with pytest.raises(NoFace):
        await ml.infer("errors", "face_embed", {"image_b64": wall})
    with pytest.raises(NoVoice):
        await ml.infer("errors", "audio_enroll", {"audio_b64": bytes(96_000), "sample_rate": 16_000})
    with pytest.raises(NotThere) as expired:
        await ml.infer("errors", "video_room_scan", {"scan_id": "never", "complete": True})
    with pytest.raises(InvalidRequest) as unknown:
        await ml.infer("errors", "face_dance", {})
    assert (expired.value.code, unknown.value.code) == ("scan_expired", "unknown_task")


async def test_a_language_that_is_not_here_names_the_command_that_gets_it(ml: MLOrchestratorClient) -> None:
    if ZooStore(load_config().cache_dir).is_present("easyocr_en_hi"):
        pytest.skip("Hindi can be read here")
    page = cv2.imencode(".png", cv2.UMat(240, 320, cv2.CV_8UC3, (255, 255, 255)).get())[1].tobytes()
    with pytest.raises(ModelUnavailable, match="`argusd models pull easyocr_en_hi`") as absent:
        await ml.infer("errors", "doc_ocr", {"image_b64": page, "language": "hi"})
    assert (absent.value.status, absent.value.code) == (503, "model_unavailable")


async def test_a_face_stream_finds_the_face(ml: MLOrchestratorClient, media: Path) -> None:
    async def camera() -> AsyncIterator[bytes]:
        for picture in pictures(media / "eyes_ahead.mp4", 12, every=4):
            yield picture
            await asyncio.sleep(1 / 6)  # a camera's pace

    found = [finding async for finding in ml.stream("streamed", "face", camera())]
    assert found
    assert {(finding["session_id"], finding["stream"]) for finding in found} == {("streamed", "face")}
    assert found[-1]["face_count"] == 1
    assert found[-1]["gaze"]["direction"] == "center"


async def test_an_audio_stream_hears_speech(
    ml: MLOrchestratorClient, spoken: tuple[Path, Path, Path]
) -> None:
    async def microphone() -> AsyncIterator[bytes]:
        for block in blocks(spoken[0]):
            yield block
            await asyncio.sleep(len(block) / 32_000)

    found = [finding["has_speech"] async for finding in ml.stream("heard", "audio", microphone())]
    assert True in found, "how much of it depends on how busy the machine is"


def blocks(recording: Path) -> Iterator[bytes]:
    """The first six seconds as s16 mono at 16 kHz, 0.1 s at a time: a busy machine may pass one over."""
    with open_media(str(recording)) as container:
        resampler = AudioResampler("s16", "mono", 16_000, 1_600)
        resampled = (block for frame in container.decode(audio=0) for block in resampler.resample(frame))
        for block in islice(resampled, 60):
            yield block.to_ndarray().tobytes()


async def test_a_peers_tracks_go_on_to_the_daemon_and_its_results_are_finalized(
    daemon: Daemon, ml: MLOrchestratorClient, media: Path, redis_url: str
) -> None:
    """Browser → WebRTC → service → WebRTC → daemon; the service reads the same tracks itself."""
    relay = MediaRelay()
    async with received(open_file(str(media / "eyes_ahead.mp4"))) as peer:
        own = relay.subscribe(peer["video"], buffered=False)
        source = relayed(peer["video"], peer["audio"], relay)
        async with Publisher(daemon.url, "forwarded", source) as publisher:
            told = set()
            events = ml.events("forwarded", publisher.events_after)
            async with contextlib.aclosing(events):
                async for event in events:
                    if isinstance(event, Event) and event.type == "observation":
                        told.add(event.stream)
                    if {"face", "audio"} <= told:
                        break
            assert (await own.recv()).pts is not None

    results = await ml.finalize("forwarded")
    assert results.state == "closed"
    assert {"face", "audio"} <= set(results.streams)
    assert results.streams["face"].data["face_count"] == 1
    assert await ml.finalize("forwarded", redis_url) == results


async def test_events_are_taken_up_again_where_they_were_left(ml: MLOrchestratorClient) -> None:
    """The first event after the last one seen, of a session whose media is over."""
    whole = [event async for event in until_closed(ml.events("forwarded", "0"))]
    middle = len(whole) // 2
    rest = [event async for event in until_closed(ml.events("forwarded", whole[middle].id))]
    assert rest == whole[middle + 1 :]
    assert [event.seq for event in whole] == sorted(event.seq for event in whole)


async def until_closed(events: AsyncGenerator[Event | Gap, None]) -> AsyncIterator[Event]:
    async with contextlib.aclosing(events):
        async for event in events:
            assert isinstance(event, Event)
            yield event
            if event.type == "session" and event.name == "closed":
                return
