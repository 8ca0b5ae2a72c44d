"""The main job, with nothing replaced: real WebRTC, shared memory, weights and Redis, one process each."""

import json
import signal
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from itertools import takewhile
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import av
import cv2
import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from argusd.daemon.config import load_config
from argusd.daemon.demo.sample import read_picture, read_sound
from argusd.daemon.demo.scenes import SPEECH
from argusd.scheduler.zoo.store import ZooStore

from .live_daemon import ARGUSD, Daemon, Event, next_event, started
from .media import Eyes, Shots, Voices
from .ports import free_port
from .waiting import LONGEST_S

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module", autouse=True)
def models() -> None:
    """What the daemons of this file need, in the cache that outlives the tests."""
    ZooStore(load_config().cache_dir).pull(["live", "sample"])


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with started(tmp_path_factory.mktemp("state")) as daemon:
        yield daemon


def edges(events: list[Event]) -> list[tuple[str, str]]:
    """The violations' starts and ends, in order."""
    violations = [event for event in events if event["type"] == "violation"]
    return [(event["name"], event["state"]) for event in violations if event["state"] != "update"]


def found(events: list[Event], name: str, state: str) -> Event:
    (event,) = [event for event in events if (event["name"], event["state"]) == (name, state)]
    return event


def span(events: list[Event], name: str) -> tuple[float, float]:
    """When the violation started, as was told at once, and when it ended."""
    start, end = found(events, name, "start"), found(events, name, "end")
    return start["data"]["start_s"], end["data"]["end_s"]


def within(events: list[Event], name: str, begin: float, end: float, abs_s: float) -> Any:
    """So near to what was filmed, or as late as looks tell of a change."""
    return pytest.approx((begin, end), abs=max(abs_s, two_looks_s(events, name)))


def two_looks_s(events: list[Event], name: str) -> float:
    """How long the two looks took that a change needs: a busy machine takes fewer.

    They come unevenly, so half a look is allowed beside them.
    """
    data = found(events, name, "end")["data"]
    looks: int = data["evidence"]["looks_for"]
    duration_s: float = data["duration_s"]
    return 2.5 * duration_s / (looks - 1)


def speech(events: list[Event]) -> list[tuple[float, float]]:
    ends = [event for event in events if (event["name"], event["state"]) == ("speech", "end")]
    return [(event["data"]["start_s"], event["data"]["end_s"]) for event in ends]


def face_counts(events: list[Event], begin_s: float, end_s: float) -> set[int]:
    faces = [event for event in events if event["name"] == "face"]
    return {event["data"]["face_count"] for event in faces if begin_s <= event["data"]["media_s"] < end_s}


def test_findings_of_the_sample_match_its_scenes(daemon: Daemon) -> None:
    events = daemon.publish("sample", "sample")

    names = ("face_absent", "multiple_faces", "multiple_people")
    assert sorted(edges(events)) == [(name, edge) for name in names for edge in ("end", "start")]
    # The clip's clock begins with its first decoded frame, and people are counted once a second.
    for name, begin, end in (("multiple_faces", 7, 13), ("multiple_people", 7, 13), ("face_absent", 16, 22)):
        assert span(events, name) == within(events, name, begin, end, 1.5)
    for (heard_s, heard_until_s), said in zip(speech(events), SPEECH, strict=True):
        assert heard_s == pytest.approx(said.start_s, abs=0.3)
        assert heard_until_s == pytest.approx(said.end_s, abs=0.3)
    session = [event["name"] for event in events if event["type"] == "session"]
    assert session == ["connecting", "live", "closed"]
    assert events[-1]["name"] == "closed"
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))


def test_eyes_that_go_aside_are_found_once(daemon: Daemon, eyes: Eyes) -> None:
    events = daemon.publish(str(eyes.aside), eyes.aside.stem)
    assert edges(events) == [("gaze_away", "start"), ("gaze_away", "end")]
    assert found(events, "gaze_away", "start")["data"]["direction"] == "right"  # as the man sees it
    assert span(events, "gaze_away") == within(events, "gaze_away", 5.65, 10.35, 0.75)


def test_eyes_on_the_camera_are_no_finding(daemon: Daemon, eyes: Eyes) -> None:
    events = daemon.publish(str(eyes.ahead), eyes.ahead.stem)
    assert edges(events) == []
    assert face_counts(events, 0, 12) == {1}


def test_face_counts_follow_the_shots(daemon: Daemon, shots: Shots) -> None:
    events = daemon.publish(str(shots.film), shots.film.stem)
    begin_s, end_s = shots.alone[-1]
    assert face_counts(events, begin_s + 0.3, end_s - 0.5) == {1}
    begin_s, end_s = shots.company
    start_s, _ = span(events, "multiple_faces")
    assert begin_s - 1 < start_s < begin_s + max(1.2, two_looks_s(events, "multiple_faces"))
    told = events.index(found(events, "multiple_faces", "start"))  # landmarks of its first frame came before
    assert face_counts(events[told:], start_s, end_s - 0.3) <= shots.counts


def test_speech_is_found_where_it_is(daemon: Daemon, voices: Voices, tmp_path: Path) -> None:
    parts, truth, at = [silence(1.5)], [], 1.5
    for name, (begin, end) in list(voices.spoken.items())[:2]:
        sound = read_sound(voices.path(name))
        parts += [sound, silence(2.0)]
        truth.append((at + begin, at + end))
        at += len(sound) / 48_000 + 2.0
    write_wav(np.concatenate(parts), tmp_path / "speech.wav")

    segments = speech(daemon.publish(str(tmp_path / "speech.wav"), f"speech-{voices}"))
    for begin, end in truth:
        own = [segment for segment in segments if begin - 1 < segment[0] < end]  # an utterance has pauses
        assert own[0][0] == pytest.approx(begin, abs=0.2)
        assert own[-1][1] == pytest.approx(end, abs=0.2)
        segments = [segment for segment in segments if segment not in own]
    assert segments == []


def test_a_film_on_its_side_goes_round_upright(daemon: Daemon, tmp_path: Path) -> None:
    film = write_turned_film(tmp_path / "phone.mp4")
    with daemon.publishing(film, "phone", "--loop") as publisher:
        face = next_event(publisher, "face")
        while face["data"]["media_s"] < 4:  # as long as four passes
            face = next_event(publisher, "face", "track_stale", "closed")
            assert face["name"] == "face"
            assert face["data"]["face_count"] == 1
        with urlopen(f"{daemon.url}/sessions/phone") as answer:
            (track,) = json.load(answer)["tracks"]
        assert (track["width"], track["height"], track["state"]) == (360, 480, "live")


def write_turned_film(target: Path) -> str:
    """A second of a face upright in 360 × 480, coded lying, as phones do."""
    portrait = read_picture(ZooStore(load_config().cache_dir).path("astronaut"))
    upright = cv2.resize(portrait[:480, 60:420], (360, 480))
    with av.open(str(target), "w") as file:
        stream = file.add_stream("libx264", rate=15, width=480, height=360, pix_fmt="yuv420p")
        stream.set_display_rotation(-90)
        lying = np.ascontiguousarray(np.rot90(upright)).astype(np.uint8)
        for number in range(15):
            frame = av.VideoFrame.from_ndarray(lying, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 15)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return str(target)


def silence(seconds: float) -> NDArray[np.int16]:
    return np.zeros(round(seconds * 48_000), np.int16)


def write_wav(sound: NDArray[np.int16], target: Path) -> None:
    with av.open(str(target), "w") as file:
        stream = file.add_stream("pcm_s16le", rate=48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(sound[np.newaxis], format="s16", layout="mono")
        frame.sample_rate, frame.time_base = 48_000, Fraction(1, 48_000)
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


def test_a_killed_ingest_worker_loses_its_session_and_takes_the_next(daemon: Daemon) -> None:
    with daemon.publishing("--synthetic", "ingest-dies") as publisher:
        next_event(publisher, "live")
        daemon.child("ingest-0").kill()
        assert next_event(publisher, "session_lost", "closed")["name"] == "session_lost"
        assert publisher.wait(30) == 1
    # The publisher waits for the worker to come back.
    assert daemon.publish("--synthetic", "after-it", "--seconds", "2")[-1]["name"] == "closed"


@pytest.mark.parametrize("process", ["scheduler-0", "api"])
def test_findings_go_on_when_another_process_is_killed(daemon: Daemon, process: str) -> None:
    with daemon.publishing("--synthetic", f"{process}-dies") as publisher:
        before = next_event(publisher, "face")
        daemon.child(process).kill()
        after = next_event(publisher, "face_absent", "session_lost", "closed")
        while after["name"] == "face_absent" or after["captured_at"] < before["captured_at"] + 6:
            after = next_event(publisher, "face", "session_lost", "closed")
        assert after["name"] == "face"


def test_the_demo_shows_findings_keeps_evidence_and_leaves_the_daemon_up(tmp_path: Path) -> None:
    port, state = free_port(), tmp_path / "state"
    command = [*ARGUSD, "demo", "--port", str(port), "--state-dir", str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        shown = list(takewhile(lambda line: "what this machine has and lacks" not in line, demo.stdout))
        assert demo.poll() is None
        with urlopen(f"http://127.0.0.1:{port}/ready") as answer:
            assert answer.status == 200
        with urlopen(f"http://127.0.0.1:{port}/sessions/demo/evidence") as answer:
            kept = json.load(answer)["evidence"]
        demo.send_signal(signal.SIGINT)
        assert demo.wait(30) == 0
    text = "".join(shown)
    assert all(f"▲ {name}" in text for name in ("multiple_faces", "multiple_people", "face_absent", "speech"))
    assert f"http://127.0.0.1:{port}/review?session=demo" in text
    names = {each["violation"]["name"] for each in kept if each["snapshot"]}
    assert names == {"face_absent", "multiple_faces", "multiple_people"}
    assert state.stat().st_mode & 0o077 == 0, "others may not look into it, as `argusd doctor` says"


def test_a_killed_supervisor_takes_its_children_along(tmp_path: Path) -> None:
    with started(tmp_path) as other:
        children = psutil.Process(other.process.pid).children(recursive=True)
        assert len(children) >= 4  # ingest, scheduler, api, Redis
        other.process.kill()
        _, alive = psutil.wait_procs(children, timeout=LONGEST_S)
        assert alive == []


def test_a_daemon_that_is_asked_to_end_does_so_cleanly(tmp_path: Path) -> None:
    with started(tmp_path) as other:
        children = psutil.Process(other.process.pid).children(recursive=True)
        other.process.terminate()
        assert other.process.wait(30) == 0
        _, alive = psutil.wait_procs(children, timeout=1)
        assert alive == []
