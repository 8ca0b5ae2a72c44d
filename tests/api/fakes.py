"""Peers of the api that speak the real messages over real unix sockets: an ingest worker, a scheduler."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from argusd.ingest.ipc.channel import Channel, Listener
from argusd.ingest.ipc.messages import (
    CloseSession,
    Hello,
    IngestStats,
    OpenSession,
    SessionAnswer,
    SessionRefused,
    SessionState,
    ToWorker,
    TracksWanted,
)
from argusd.scheduler.contract.catalog import StreamName
from argusd.scheduler.contract.media import TrackKind
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import (
    Finding,
    FindingsAck,
    FromScheduler,
    Left,
    PolicyApplied,
    RoleStatus,
    SchedulerStats,
    SessionEnded,
    SessionOver,
    SessionPolicy,
    TaskDone,
    TaskRequest,
    ToScheduler,
)

from ..waiting import until


async def every_second(tell: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(1)
        tell()


S1 = MediaKey("s1")


class FakeWorker:
    """Answers every offer at once, or refuses with ``refusal``, or keeps silent while ``mute``.

    While ``hung`` it tells no figures.
    """

    def __init__(self, path: Path, *, sessions: set[str] | None = None, max_sessions: int = 8) -> None:
        self.sessions = sessions or set()
        self.max_sessions = max_sessions
        self.arena_fits_more = 8
        self.refusal: tuple[str, str] | None = None
        self.mute = False
        self.hung = False
        self.kinds: tuple[TrackKind, ...] = ("audio", "video")
        self.opened: list[OpenSession] = []
        self.closed: list[str] = []
        self.wanted: dict[str, tuple[TrackKind, ...]] = {}
        self.pictures_hz: dict[str, float] = {}
        self.heard = asyncio.Event()
        self._channels: list[Channel[ToWorker]] = []
        self._listener = Listener(path, self._accept)
        self._ticking = asyncio.create_task(every_second(self.stats))

    def _accept(self, sock: socket.socket) -> None:
        channel = Channel[ToWorker](sock, ToWorker, lambda message: self._received(message, channel))

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return once ``condition()`` holds; it is looked at after every message heard."""
        await until(condition, self.heard)

    def _received(self, message: ToWorker, channel: Channel[ToWorker]) -> None:
        self.heard.set()
        if isinstance(message, Hello):
            self._channels.append(channel)
            for session_id in self.sessions:
                self.say(SessionState(session_id, "live"))
            self.stats()
        elif isinstance(message, TracksWanted):
            self.wanted[message.session_id] = message.kinds
            self.pictures_hz[message.session_id] = message.pictures_hz
        elif isinstance(message, CloseSession):
            self.closed.append(message.session_id)
            if message.session_id in self.sessions:
                self.end(message.session_id, "deleted")
        else:
            self._open(message)

    def _open(self, message: OpenSession) -> None:
        self.opened.append(message)
        if self.mute:
            return
        self.answer(message)

    def answer(self, message: OpenSession) -> None:
        if self.refusal is not None:
            self.say(SessionRefused(message.request, *self.refusal))
            return
        if message.session_id in self.sessions:
            if not message.replace:
                self.say(SessionRefused(message.request, "session_exists", "It is open."))
                return
            self.end(message.session_id, "replaced")
        self.sessions.add(message.session_id)
        self.say(SessionState(message.session_id, "connecting"))
        self.say(SessionAnswer(message.request, "v=0\r\nanswer\r\n", self.kinds, "abcd"))

    def end(self, session_id: str, reason: str) -> None:
        self.sessions.discard(session_id)
        self.say(SessionState(session_id, "closed", reason))

    def stats(self) -> None:
        if not self.hung:
            self.say(
                IngestStats(
                    len(self.sessions), self.max_sessions, 1 << 28, 1 << 27, self.arena_fits_more, 0, 0.5, []
                )
            )

    def say(self, message: Any) -> None:
        for channel in self._channels:
            if not channel.closed.done():
                channel.send(message)

    def die(self) -> None:
        if self._ticking.cancel():
            self._listener.close()
        for channel in self._channels:
            channel.close()


class FakeScheduler:
    """Sends findings as told, keeps them until acknowledged, and sends them again on every connection.

    ``answer``: to a task. While ``unreachable`` no connection lasts. ``ended``: the media to tell of as over,
    at once or, without ``answers_ends``, by ``tell_over``. Without ``applies`` no policy is answered.
    """

    def __init__(self, path: Path, boot: str = "boot-1") -> None:
        self.boot = boot
        self.fits_more = 4
        self.unreachable = False
        self.answer: Callable[[TaskRequest], TaskDone] | None = None
        self.asked: list[TaskRequest] = []
        self.left = False
        self.policies: dict[MediaKey, SessionPolicy] = {}
        self.ended: dict[int, SessionEnded] = {}
        self.answers_ends = True
        self.applies = True
        self.acked = 0
        self.unacked: list[Finding] = []
        self.heard = asyncio.Event()
        self._number = 0
        self._figures: dict[str, Any] = {}
        self._channels: list[Channel[ToScheduler]] = []
        self._listener = Listener(path, self._accept)
        self._ticking = asyncio.create_task(every_second(self.tell_stats))

    def _accept(self, sock: socket.socket) -> None:
        channel = Channel[ToScheduler](sock, ToScheduler, self._received)
        if self.unreachable:
            channel.close()
            return
        self._channels = [channel]
        self.tell_stats()
        for finding in self.unacked:
            channel.send(finding)

    def _received(self, message: ToScheduler) -> None:
        if isinstance(message, FindingsAck):
            self.acked = max(self.acked, message.number)
            self.unacked = [each for each in self.unacked if each.number > message.number]
        elif isinstance(message, Left):
            self.left = True
        elif isinstance(message, SessionPolicy):
            self.policies[message.media] = message
            if self.applies:
                self.say(PolicyApplied(message.media, message.version))
        elif isinstance(message, SessionEnded):
            self.policies.pop(message.media, None)
            self.ended[message.request] = message
            if self.answers_ends:
                self.tell_over()
        elif isinstance(message, TaskRequest):
            self.asked.append(message)
            if self.answer is not None:
                self.say(self.answer(message))
        self.heard.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return once ``condition()`` holds; it is looked at after every message heard."""
        await until(condition, self.heard)

    def tell_over(self) -> None:
        """Answer for all media that have ended: nothing more was found of them."""
        for request in self.ended:
            self.say(SessionOver(request, self.boot, self._number))
        self.ended.clear()

    def tell_stats(self, **changes: Any) -> None:
        """Tell its figures; what is changed stays so."""
        self._figures |= changes
        self.say(scheduler_stats(self.boot, self.fits_more, **self._figures))

    def find(self, session_id: str, socket: StreamName | None = None, **changes: Any) -> Finding:
        self._number += 1
        finding = make_finding(self.boot, self._number, session_id, socket, **changes)
        self.unacked.append(finding)
        self.say(finding)
        return finding

    def say(self, message: FromScheduler) -> None:
        for channel in self._channels:
            if not channel.closed.done():
                channel.send(message)

    @property
    def connected(self) -> bool:
        """Whether the api is."""
        return any(not channel.closed.done() for channel in self._channels)

    def disconnect(self) -> None:
        for channel in self._channels:
            channel.close()

    def die(self) -> None:
        if self._ticking.cancel():
            self._listener.close()
        self.disconnect()


def make_finding(
    boot: str, number: int, session_id: str, socket: StreamName | None = None, **changes: Any
) -> Finding:
    fields: dict[str, Any] = {
        "boot": boot,
        "number": number,
        "media": MediaKey(session_id, socket),
        "type": "observation",
        "stream": "face",
        "name": "face",
        "state": "update",
        "severity": "info",
        "confidence": 0.9,
        "captured_at": 1_700_000_000.0 + number,
        "media_s": number / 10,
        "frame_age_ms": 12.5,
        "data": {"number": number},
    }
    return Finding(**{**fields, **changes})


def scheduler_stats(boot: str, fits_more: int = 4, **changes: Any) -> SchedulerStats:
    fields: dict[str, Any] = {
        "boot": boot,
        "device": "cpu",
        "roles": [RoleStatus("face_detector", "blazeface", True, "", 0.25)],
        "active_sessions": {"face": 2, "video": 0, "audio": 0, "lipsync": 0},
        "fits_more": fits_more,
        "rate_scale": 1.0,
        "served": {"face_detector": 100},
        "dropped": {"face_detector": {"stale": 3}},
        "batch_size": {},
        "infer_seconds": {},
        "frame_age_seconds": {},
    }
    return SchedulerStats(**{**fields, **changes})
