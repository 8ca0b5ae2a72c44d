"""Where a session's tracks stand, and which changes of that are events. Pure."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from argusd.ingest.messages import StreamKind
from argusd.scheduler.tracks import StreamName

TrackEvent = Literal["track_stale", "track_live"]


class Track(msgspec.Struct, frozen=True):
    """Where one of a session's tracks stands: whether pictures or sound come of it.

    ``reason``: why a stale one brings nothing, see ``ingest.messages.TrackState``. ``since``: unix seconds
    when it came to stand so; of a stale one, when it last brought anything. ``stream``: that of the
    WebSocket which brings it; null for a publisher's.
    """

    kind: StreamKind
    state: Literal["connecting", "live", "stale"] = "connecting"
    reason: str = ""
    since: float = 0.0
    stream: StreamName | None = None


def with_track(tracks: Iterable[Track], track: Track) -> tuple[Track, ...]:
    """The tracks, with this one in place of what was known of it."""
    known = {(each.kind, each.stream): each for each in tracks}
    return tuple((known | {(track.kind, track.stream): track}).values())


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
