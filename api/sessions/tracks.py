"""Where a session's tracks stand, and which changes of that are events."""

import time
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from argusd.ingest.ipc.messages import IngestStats, Reception, TrackState
from argusd.scheduler.contract.catalog import StreamName
from argusd.scheduler.contract.errors import ArenaExhausted
from argusd.scheduler.contract.media import TrackKind
from argusd.scheduler.contract.sessions import Track, TrackView

# What a publisher would be refused with now, for the same reason.
ERROR_CODES = {"arena_full": ArenaExhausted.code}

TrackEvent = Literal["track_stale", "track_live"]
Receptions = Mapping[tuple[str, TrackKind], Reception]
"""How tracks arrive, by session and kind; a track that brought no packet yet is not among them."""


def track_view(track: Track, reception: Reception | None) -> TrackView:
    """What callers see of a track."""
    about = {} if reception is None or track.stream is not None else msgspec.structs.asdict(reception)
    return TrackView(**msgspec.structs.asdict(track), **about)


def receptions_of(stats: IngestStats) -> Receptions:
    """What a worker tells of its tracks."""
    return {
        (track.session_id, track.kind): track.reception
        for track in stats.tracks
        if track.reception is not None
    }


def track_of(told: TrackState, stream: StreamName | None = None) -> Track:
    """What a track's writer told just now, as callers see it."""
    since = time.time() - (time.monotonic_ns() - told.since_ns) / 1e9
    return Track(told.kind, told.state, told.reason, since, stream)


def awaited(kinds: Iterable[TrackKind], stream: StreamName | None = None) -> tuple[Track, ...]:
    """Tracks that are about to bring something."""
    return tuple(Track(kind, since=time.time(), stream=stream) for kind in kinds)


def with_track(tracks: Iterable[Track], track: Track) -> tuple[Track, ...]:
    """The tracks, with this one in place of what was known of it."""
    known = {(each.kind, each.stream): each for each in tracks}
    return tuple((known | {(track.kind, track.stream): track}).values())


def about(track: Track) -> dict[str, str]:
    """What a track's events tell of it, besides the reason."""
    about = {"kind": track.kind} | ({"stream": track.stream} if track.stream else {})
    if code := ERROR_CODES.get(track.reason):
        about["error_code"] = code
    return about


def track_event(tracks: Iterable[Track], track: Track) -> TrackEvent | None:
    """The event of this track standing so where ``tracks`` stood before, if it is one.

    A track that begins to bring something is none: that is what a publisher is expected to do.
    """
    same = (each for each in tracks if (each.kind, each.stream) == (track.kind, track.stream))
    before = next(same, Track(track.kind))
    if track.state == "stale" and (before.state, before.reason) != (track.state, track.reason):
        return "track_stale"
    if track.state == "live" and before.state == "stale":
        return "track_live"
    return None
