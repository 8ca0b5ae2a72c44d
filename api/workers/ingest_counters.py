"""Counters that only rise, out of what each track counts since it opened."""

from collections import Counter

from argusd.ingest.ipc.messages import IngestStats
from argusd.scheduler.contract.media import TrackKind

# What no session's track was meant to get has this for its kind.
NO_TRACK = "none"


class IngestCounters:
    """Frames by kind and drops by (kind, reason) of one worker, over all its sessions so far."""

    def __init__(self) -> None:
        self.frames: Counter[TrackKind] = Counter()
        self.dropped: Counter[tuple[str, str]] = Counter()
        self._before: dict[tuple[str, str, str], int] = {}

    def absorb(self, stats: IngestStats) -> None:
        """Add what has come since the figures before; a track that is gone keeps its part."""
        now = {("", NO_TRACK, reason): count for reason, count in stats.dropped.items()}
        for track in stats.tracks:
            frames = track.session_id, track.kind, ""
            self.frames[track.kind] += self._rise(frames, track.frames)
            now[frames] = track.frames
            now |= {(*frames[:2], reason): count for reason, count in track.dropped.items()}
        for key, count in now.items():
            _, kind, reason = key
            if reason:
                self.dropped[kind, reason] += self._rise(key, count)
        self._before = now

    def _rise(self, key: tuple[str, str, str], count: int) -> int:
        before = self._before.get(key, 0)
        return count - before if count >= before else count  # less than before: the track is another one
