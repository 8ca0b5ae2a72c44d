"""Where one reader of events stands, and what comes next for it.

A reader keeps no queue: it is a position. What it can no longer get is told as a ``gap``: events past their
retention, events that were lost while Redis was away, or a position that is none (any more).
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from operator import itemgetter
from typing import Annotated, NamedTuple

import msgspec

from argusd.scheduler.contract.errors import InvalidField
from argusd.scheduler.contract.events import Gap
from argusd.scheduler.contract.names import ENDS

from .frames import EVERYTHING, Page, frame_id, gap

# As parameters have it. A frame's own id may stand there as well, but only in the stream that it came from.
Position = Annotated[str, msgspec.Meta(pattern=rf"^([0-9]{{1,15}}|-[0-9]{{1,4}})?{ENDS}")]
POSITION = re.compile(r"(?:(.+):)?(\d{1,15})|(-\d{1,4})", re.DOTALL | re.ASCII)
UNKNOWN_POSITION = "unknown_position"
PIECE = 64 << 10  # bytes, or one frame more: what is handed to a connection at a time


class Cursor:
    """A position among a topic's events."""

    def __init__(self, topic: str, position: int) -> None:
        self._topic = topic
        self.position = position

    def take(self, page: Page) -> Iterator[bytes]:
        """The page's frames beyond the position, which moves past them, in pieces for a connection."""
        if page.end < self.position:
            self.position = page.end
            yield gap(frame_id(self._topic, page.end), Gap(reason=UNKNOWN_POSITION))
            return
        piece = bytearray()
        first = bisect_right(page.frames, self.position, key=itemgetter(0))
        for position, frame in page.frames[first:]:
            piece += self._missing_before(position) + frame
            self.position = position
            if len(piece) >= PIECE:
                yield bytes(piece)
                piece.clear()
        piece += self._missing_before(page.end + 1)
        self.position = page.end
        if piece:
            yield bytes(piece)

    def _missing_before(self, position: int) -> bytes:
        """The gap between the cursor and this position, if there is one."""
        missed = position - self.position - 1
        if not missed:
            return b""
        return gap(frame_id(self._topic, position - 1), Gap(self._topic, missed))


class Asked(NamedTuple):
    """Where a caller wants to go on: behind an event of a session, or (without one) at a position."""

    session_id: str
    number: int


def parse_position(value: str | None, topic: str) -> Asked | None:
    """What a ``Last-Event-ID`` or ``after`` of this topic's stream asks for. None: from now on.

    It is an event's id or a number, which counts back from the newest event where it is negative.

    Raises:
        InvalidField: it is neither, or another session's.
    """
    if value is None or value == "":
        return None
    match = POSITION.fullmatch(value)
    if match is None:
        raise InvalidField("Last-Event-ID (or after) must be the id of an event, or a number.")
    if topic != EVERYTHING and match[1] not in (None, topic):
        raise InvalidField("Last-Event-ID (or after) must be the id of one of this session's events.")
    return Asked(match[1] or "", int(match[2] or match[3]))
