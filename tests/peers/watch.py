"""A session as a Layer-3 service watches it: its events, waited for one after the other."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import aiohttp

from argusd.interviewer_bridge.events import subscribe
from argusd.scheduler.contract.events import Event, Gap

from ..live_daemon import Daemon
from ..waiting import LONGEST_S
from .media import SPEECH_S

# Many sessions share two cores with a browser: every model looks seldom, voices are not told apart.
LIGHT = {"rates": {"face_detector": 4, "face_mesh": 1, "speaker_embedder": 0}}

Holds = Callable[[dict[str, Any]], bool]


class Watch:
    """A session's events from its first one on; ``seen`` are those that were waited through."""

    def __init__(self, url: str, session_id: str, events: AsyncGenerator[Event | Gap, None]) -> None:
        self.session_id = session_id
        self.whip = f"{url}/whip/{session_id}"
        self.seen: list[Event] = []
        self._url = url
        self._events = events

    async def event(self, name: str, state: str | None = None, *, having: Holds = lambda _: True) -> Event:
        """The next event of this name and state whose data is so."""
        async with self._patience(f"{name} {state or ''}"):
            while True:
                event = await self._next()
                if event.name == name and state in (None, event.state) and having(event.data):
                    return event

    async def together(self, *wanted: tuple[str, str]) -> None:
        """Wait until each of these, by name and state, has come; they tell of one thing, in any order."""
        missing = set(wanted)
        async with self._patience(str(wanted)):
            while missing:
                event = await self._next()
                missing.discard((event.name, event.state))

    @asynccontextmanager
    async def _patience(self, wanted: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(LONGEST_S):
                yield
        except TimeoutError:
            raise AssertionError(f"no {wanted} came, but {self.told()}") from None

    async def _next(self) -> Event:
        event = await anext(self._events)
        assert isinstance(event, Event), event
        self.seen.append(event)
        return event

    async def results(self) -> dict[str, Any]:
        """What is known now."""
        return await self._get("/results")

    async def session(self) -> dict[str, Any]:
        """What the daemon shows of it."""
        return await self._get("")

    async def track(self, kind: str, *, having: Holds) -> dict[str, Any]:
        """How a track arrives, as soon as that is so; it is told once a second."""
        track: dict[str, Any] = {}
        try:
            async with asyncio.timeout(LONGEST_S):
                while not (track and having(track)):
                    await asyncio.sleep(0.2)
                    tracks = (await self.session())["tracks"]
                    track = next((each for each in tracks if each["kind"] == kind), {})
        except TimeoutError:
            raise AssertionError(f"the {kind} track is {track}") from None
        return track

    async def _get(self, path: str) -> dict[str, Any]:
        url = f"{self._url}/sessions/{self.session_id}{path}"
        async with aiohttp.ClientSession() as http, http.get(url) as answer:
            assert answer.status == 200, await answer.text()
            shown: dict[str, Any] = await answer.json()
            return shown

    def told(self) -> list[str]:
        """What was seen, in short: names, states and reasons."""
        return [f"{e.name} {e.state} {e.data.get('reason', '')}".rstrip() for e in self.seen]

    def violations(self) -> list[tuple[str, str]]:
        """Starts and ends that were seen, in order."""
        return [(e.name, e.state) for e in self.seen if e.type == "violation" and e.state != "update"]


@asynccontextmanager
async def watching(
    daemon: Daemon, session_id: str, streams: tuple[str, ...] = ("face", "audio"), **policy: Any
) -> AsyncIterator[Watch]:
    """Define a session and watch it; it is deleted at the end, so that it costs nothing any more."""
    url = f"{daemon.url}/sessions/{session_id}"
    async with aiohttp.ClientSession() as http:
        spec = {"streams": streams, "policy": LIGHT | policy}
        async with http.put(url, json=spec) as answer:
            assert answer.status == 201, await answer.text()
        try:
            async with aclosing(subscribe(daemon.url, session_id, last_event_id="0")) as events:
                yield Watch(daemon.url, session_id, events)
        finally:
            async with http.delete(url):
                pass


def one_face(data: dict[str, Any]) -> bool:
    return bool(data["face_count"] == 1)


def whole_turn(data: dict[str, Any]) -> bool:
    """The speech is what the scene's is: a turn that began before the connection is shorter."""
    return bool(abs(data["duration_s"] - SPEECH_S) < 0.4)
