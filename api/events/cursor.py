"""Where a reader of events stands, and the next frames for it.

Events are read from Redis, where they lie in order and are trimmed by age. A reader keeps no queue: it is a
position. What it can no longer get is told as a ``gap``: events past their retention, events that were lost
while Redis was away, or a position that never was.
"""

import re
from typing import Protocol

import msgspec

from argusd.scheduler.contract.errors import InvalidField

from .history import History

POSITION = re.compile(r"(?:.+:)?(\d{1,15})|(-\d{1,4})", re.DOTALL)


class Cursor(Protocol):
    """A reader's position among a session's events, or everybody's."""

    async def read(self) -> bytes:
        """The frames beyond the position, which moves past them; empty when there is nothing new."""


class SessionCursor:
    """Among one session's events; frame ids are event ids, ``{session_id}:{seq}``."""

    def __init__(self, history: History, session_id: str, seq: int) -> None:
        self._history = history
        self._session_id = session_id
        self._seq = seq

    async def read(self) -> bytes:
        """The frames of the session's next events."""
        frames = bytearray()
        for seq, event in await self._history.of_session(self._session_id, self._seq):
            if seq > self._seq + 1:
                frames += gap(self._id(seq - 1), session_id=self._session_id, missed=seq - self._seq - 1)
            frames += frame(self._id(seq), event)
            self._seq = seq
        return bytes(frames)

    def _id(self, seq: int) -> str:
        return f"{self._session_id}:{seq}"


class OverallCursor:
    """Among all sessions' events; frame ids are positions in their common order."""

    def __init__(self, history: History, position: int) -> None:
        self._history = history
        self._position = position

    async def read(self) -> bytes:
        """The frames of all sessions' next events."""
        frames = bytearray()
        missed = 0
        for position, event in await self._history.of_all(self._position):
            missed += position - self._position - 1
            self._position = position
            if event is None:
                missed += 1
                continue
            if missed:
                frames += gap(str(position - 1), missed=missed)
                missed = 0
            frames += frame(str(position), event)
        if missed:
            frames += gap(str(self._position), missed=missed)
        return bytes(frames)


def parse_position(value: str | None) -> int | None:
    """The number in a ``Last-Event-ID`` or ``after``: an event id or a bare number. None: from now on.

    A negative number counts back from the newest event.

    Raises:
        InvalidField: it is neither.
    """
    if value is None or value == "":
        return None
    match = POSITION.fullmatch(value)
    if match is None:
        raise InvalidField("Last-Event-ID (or after) must be the id of an event, or a number.")
    return int(match[1] or match[2])


def frame(frame_id: str, data: bytes, kind: bytes = b"") -> bytes:
    """One server-sent event; ``data`` has no line breaks, since it is compact JSON."""
    name = b"event: " + kind + b"\n" if kind else b""
    return b"id: " + frame_id.encode() + b"\n" + name + b"data: " + data + b"\n\n"


def gap(frame_id: str, **what: object) -> bytes:
    """The frame that says that events are missing up to this id."""
    return frame(frame_id, msgspec.json.encode(what), b"gap")
