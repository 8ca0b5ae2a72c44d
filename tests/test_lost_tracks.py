"""A camera that stops while the sound goes on, through a running daemon: nobody slips out of sight unseen."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import aiohttp
import av
import cv2
import numpy as np
import pytest
from aiortc import MediaStreamTrack
from numpy.typing import NDArray

from argusd.daemon.config import load_config
from argusd.interviewer_bridge.events import subscribe
from argusd.interviewer_bridge.publish.media import Source, SyntheticAudio
from argusd.interviewer_bridge.publish.publisher import Publisher
from argusd.scheduler.contract.events import Event
from argusd.scheduler.zoo.store import ZooStore

from .live_daemon import Daemon, started

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]

FPS = 15
VIDEO_CLOCK = 90_000


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    ZooStore(load_config().cache_dir).pull(["live", "sample"])
    with started(tmp_path_factory.mktemp("s")) as daemon:
        yield daemon


class Camera(MediaStreamTrack):
    """Shows a face; it brings nothing while it is not ``uncovered``."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self.uncovered = asyncio.Event()
        self.uncovered.set()
        self._picture = face()
        self._begun = time.monotonic()

    async def recv(self) -> av.VideoFrame:
        await asyncio.sleep(1 / FPS)
        await self.uncovered.wait()
        frame = av.VideoFrame.from_ndarray(self._picture, format="bgr24")
        frame.pts = round((time.monotonic() - self._begun) * VIDEO_CLOCK)
        frame.time_base = Fraction(1, VIDEO_CLOCK)
        return frame


def face() -> NDArray[np.uint8]:
    path = ZooStore(load_config().cache_dir).file("astronaut", "astronaut.png")
    return np.asarray(cv2.imread(str(path)), np.uint8)


class Watched:
    """A session's events, taken in order, and what its api says."""

    def __init__(self, daemon: Daemon, session_id: str) -> None:
        self._daemon = daemon
        self._session_id = session_id
        self.events: list[Event] = []

    @contextlib.asynccontextmanager
    async def publishing(self, source: Source) -> AsyncIterator[Publisher]:
        async with Publisher(self._daemon.url, self._session_id, source) as publisher:
            url, after = self._daemon.url, publisher.events_after
            self._following = subscribe(url, self._session_id, last_event_id=after)
            async with contextlib.aclosing(self._following):
                yield publisher

    async def next(self, name: str, state: str | None = None, *, reason: str | None = None) -> Event:
        """Read on to the next event of this name, state and reason."""
        async for event in self._following:
            assert isinstance(event, Event), event
            self.events.append(event)
            said = event.data.get("reason")
            if event.name == name and state in (None, event.state) and reason in (None, said):
                return event
        raise AssertionError(f"no {name} came")

    async def both(self, one: tuple[str, str], other: tuple[str, str]) -> tuple[Event, Event]:
        """Read on until an event of each name and state has come, of two processes and so in either order."""
        found: dict[tuple[str, str], Event] = {}
        async for event in self._following:
            assert isinstance(event, Event), event
            self.events.append(event)
            if (event.name, event.state) in (one, other):
                found[event.name, event.state] = event
            if len(found) == 2:
                return found[one], found[other]
        raise AssertionError(f"{one} and {other} did not come")

    async def ask(self, path: str, enough: Callable[[Any], bool]) -> Any:
        """Ask until the answer is as wanted."""
        async with aiohttp.ClientSession(self._daemon.url) as http:
            while True:
                async with http.get(f"/sessions/{self._session_id}{path}") as response:
                    answer = await response.json()
                if enough(answer):
                    return answer
                await asyncio.sleep(0.05)


def face_of(results: Any) -> Any:
    return results["streams"].get("face", {}).get("data", {}).get("face_count", "nothing yet")


async def test_a_camera_that_stops_while_the_sound_goes_on_is_seen(daemon: Daemon) -> None:
    watched, camera = Watched(daemon, "evader"), Camera()
    async with watched.publishing(Source(camera, SyntheticAudio())):
        await watched.ask("/results", lambda results: face_of(results) == 1)
        camera.uncovered.clear()
        stale, lost = await watched.both(("track_stale", "update"), ("video_lost", "start"))
        assert (stale.data["kind"], stale.data["reason"]) == ("video", "no_media")
        assert (lost.type, lost.severity, lost.data["reason"]) == ("violation", "critical", "no_media")
        assert lost.data["media_s"] - lost.data["start_s"] < 3.0, "by its own account"

        results = await watched.ask("/results", lambda results: face_of(results) is None)
        face, video = results["streams"]["face"], results["streams"]["video"]
        assert (face["state"], face["reason"], face["data"]["faces"]) == ("unknown", "no_media", [])
        assert (video["state"], video["data"]["person_count"]) == ("unknown", None)
        assert "state" not in results["streams"]["audio"], "sound is heard as before"
        assert results["violations"]["video_lost"]["open_since_s"] is not None
        session = await watched.ask("", lambda session: True)
        tracks = {track["kind"]: (track["state"], track["reason"]) for track in session["tracks"]}
        assert (session["state"], tracks) == ("live", {"video": ("stale", "no_media"), "audio": ("live", "")})

        camera.uncovered.set()
        _, end = await watched.both(("track_live", "update"), ("video_lost", "end"))
        assert end.data["duration_s"] >= 2.0
        await watched.ask("/results", lambda results: face_of(results) == 1)


async def test_a_camera_that_stays_off_is_missed_until_the_session_ends(daemon: Daemon) -> None:
    watched, camera = Watched(daemon, "stays-off"), Camera()
    camera.uncovered.clear()
    async with watched.publishing(Source(camera, SyntheticAudio())) as publisher:
        lost = await watched.next("video_lost", "start")
        assert lost.data["reason"] == "never_began"
        await publisher.close()
        await watched.next("closed")
    told = [(event.name, event.state) for event in watched.events if event.type != "observation"]
    assert told.index(("video_lost", "end")) == len(told) - 2, "nothing stands between it and closed"
    results = await watched.ask("/results", lambda results: results["state"] == "closed")
    assert results["violations"]["video_lost"]["open_since_s"] is None


@pytest.mark.parametrize("api_dies", [False, True])
async def test_closed_waits_for_a_scheduler_that_stands_still(daemon: Daemon, api_dies: bool) -> None:
    watched, camera = Watched(daemon, f"stands-still-{api_dies}"), Camera()
    camera.uncovered.clear()
    scheduler = daemon.child("scheduler-0")
    async with watched.publishing(Source(camera, SyntheticAudio())) as publisher:
        await watched.next("video_lost", "start")
        scheduler.suspend()
        try:
            await publisher.close()
            await watched.ask("", lambda session: session["state"] == "closed")
            await asyncio.sleep(2.0)  # nothing is told in this time, and nobody takes that for the end
            if api_dies:
                daemon.child("api").kill()
        finally:
            scheduler.resume()
        await watched.next("closed")
    told = [(event.name, event.state) for event in watched.events if event.type != "observation"]
    assert told[-2:] == [("video_lost", "end"), ("closed", "end")]
    assert "late_findings" not in watched.events[-1].data


async def test_who_is_asked_to_be_seen_and_offers_sound_alone_is_missed(daemon: Daemon) -> None:
    watched = Watched(daemon, "sound-alone")
    spec = {"streams": ["face", "audio"]}
    async with aiohttp.ClientSession(daemon.url) as http, http.put("/sessions/sound-alone", json=spec) as put:
        assert put.status == 201
    async with watched.publishing(Source(None, SyntheticAudio())):
        lost = await watched.next("video_lost", "start")
        assert (lost.data["kind"], lost.data["reason"]) == ("video", "not_offered")


async def test_what_is_unknown_stays_so_while_other_processes_come_and_go(daemon: Daemon) -> None:
    watched, camera = Watched(daemon, "restarts"), Camera()
    async with watched.publishing(Source(camera, SyntheticAudio())):
        await watched.ask("/results", lambda results: face_of(results) == 1)
        camera.uncovered.clear()
        await watched.next("video_lost", "start")
        daemon.child("scheduler-0").kill()
        await watched.next("video_lost", "end", reason="scheduler_lost")
        await watched.next("video_lost", "start")
        assert face_of(await watched.ask("/results", lambda results: True)) is None
        camera.uncovered.set()
        await watched.next("video_lost", "end")
        await watched.ask("/results", lambda results: face_of(results) == 1)


async def test_a_daemon_that_is_stopped_tells_all_ends_before_closed(tmp_path: Path) -> None:
    with started(tmp_path) as daemon:
        watched, camera = Watched(daemon, "stopped"), Camera()
        camera.uncovered.clear()
        async with watched.publishing(Source(camera, SyntheticAudio())):
            await watched.next("video_lost", "start")
            daemon.process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(daemon.process.wait)
    with started(tmp_path) as daemon:
        told = [event async for event in events_until(daemon, "stopped", "closed")]
    ends = [(event.name, event.state) for event in told if event.type != "observation"]
    assert ends[-2:] == [("video_lost", "end"), ("closed", "end")]
    assert told[-1].data["reason"] == "shutdown"
    assert "late_findings" not in told[-1].data


async def events_until(daemon: Daemon, session_id: str, name: str) -> AsyncIterator[Event]:
    """A session's events from the first to the next one of this name."""
    async with contextlib.aclosing(subscribe(daemon.url, session_id, last_event_id="0")) as events:
        async for event in events:
            assert isinstance(event, Event), event
            yield event
            if event.name == name:
                return
