"""Events as they go out: frames of server-sent events (WHATWG HTML, section 9.2), a page at a time."""

from typing import NamedTuple

import msgspec

from argusd.scheduler.contract.events import Gap

EVERYTHING = ""
"""The topic of all sessions; that of one session is its id, which is never empty."""


class Page(NamedTuple):
    """A topic's events beyond the position ``begin``, up to ``end``: each one's position and frame, in order.

    What is not among them was lost, or is not kept any more.
    """

    begin: int
    end: int
    frames: list[tuple[int, bytes]]


def frame_id(topic: str, position: int) -> str:
    """The id of the frame at a topic's position: among a session's events, that of the event."""
    return str(position) if topic == EVERYTHING else f"{topic}:{position}"


def frame(at: str, data: bytes, kind: bytes = b"") -> bytes:
    """One server-sent event; ``data`` has no line breaks, since it is compact JSON."""
    name = b"event: " + kind + b"\n" if kind else b""
    return b"id: " + at.encode() + b"\n" + name + b"data: " + data + b"\n\n"


def data_of(told: bytes) -> bytes:
    """The data of a frame that ``frame`` has made."""
    return told.partition(b"\ndata: ")[2].removesuffix(b"\n\n")


def gap(at: str, what: Gap) -> bytes:
    """The frame that says that events are missing up to this id."""
    return frame(at, msgspec.json.encode(what), b"gap")
