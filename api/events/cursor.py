"""Where one reader of events stands, and what comes next for it.

A reader keeps no queue: it is a position. What it can no longer get is told as a ``gap``: events past their
retention, events that were lost while Redis was away, or a position that never was.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from operator import itemgetter

from argusd.scheduler.contract.errors import InvalidField

from .frames import EVERYTHING, Page, frame_id, gap

POSITION = re.compile(r"(?:(.+):)?(\d{1,15})|(-\d{1,4})", re.DOTALL | re.ASCII)
PIECE = 64 << 10  # bytes, or one frame more: what is handed to a connection at a time


class Cursor:
    """A position among a topic's events."""

    def __init__(self, topic: str, position: int) -> None:
        self._topic = topic
        self.position = position

    def take(self, page: Page) -> Iterator[bytes]:
        """The page's frames beyond the position, which moves past them, in pieces for a connection."""
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
        whose = {} if self._topic == EVERYTHING else {"session_id": self._topic}
        return gap(frame_id(self._topic, position - 1), **whose, missed=missed)


def parse_position(value: str | None, topic: str) -> int | None:
    """The number in a ``Last-Event-ID`` or ``after`` of this topic's stream. None: from now on.

    It is the id of a frame of this stream, or a number; a negative one counts back from the newest event.

    Raises:
        InvalidField: it is neither, or another stream's.
    """
    if value is None or value == "":
        return None
    match = POSITION.fullmatch(value)
    if match is None:
        raise InvalidField("Last-Event-ID (or after) must be the id of an event, or a number.")
    if match[1] not in (None, topic or None):
        raise InvalidField(
            "Last-Event-ID (or after) must be an id of this stream: "
            + ("a number, as its frames have it." if topic == EVERYTHING else f"{topic}:<seq>, or a number.")
        )
    return int(match[2] or match[3])
