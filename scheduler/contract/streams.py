"""Which tracks of a session feed which stream. Pure, so that the api can ask."""

from collections.abc import Iterable
from typing import Literal

from .media import TrackKind

StreamName = Literal["face", "video", "audio", "lipsync"]

# In the order in which a session's streams begin; they end in the reverse order.
FED_BY: dict[StreamName, tuple[TrackKind, ...]] = {
    "face": ("video",),
    "video": ("video",),
    "audio": ("audio",),
    "lipsync": ("video", "audio"),
}
# Whose looks a stream joins. Lenders are fed by some of the borrower's tracks, and stand before it above.
JOINS: dict[StreamName, tuple[StreamName, ...]] = {"lipsync": ("face", "audio")}


def share_looks(one: str, other: str) -> bool:
    """Whether either of these streams joins the looks of the other."""
    return any(
        borrower in (one, other) and lender in (one, other)
        for borrower, lenders in JOINS.items()
        for lender in lenders
    )


def feeds(kind: TrackKind, streams: Iterable[str]) -> bool:
    """Whether any of these streams needs such a track."""
    wanted = frozenset(streams)
    return any(kind in kinds for stream, kinds in FED_BY.items() if stream in wanted)


def streams_of(kinds: Iterable[TrackKind]) -> list[StreamName]:
    """All streams that these tracks are enough for."""
    there = frozenset(kinds)
    return [stream for stream, needed in FED_BY.items() if there.issuperset(needed)]
