"""Counters that only rise, out of what each stream counts since it opened."""

from collections import Counter

from argusd.ingest.messages import IngestStats, StreamKind


class IngestCounters:
    """Frames by kind and drops by (kind, reason) of one worker, over all its sessions so far."""

    def __init__(self) -> None:
        self.frames: Counter[StreamKind] = Counter()
        self.dropped: Counter[tuple[StreamKind, str]] = Counter()
        self._before: dict[tuple[str, StreamKind, str], int] = {}

    def absorb(self, stats: IngestStats) -> None:
        """Add what has come since the figures before; a stream that is gone keeps its share."""
        now: dict[tuple[str, StreamKind, str], int] = {}
        for stream in stats.streams:
            key = stream.session_id, stream.kind, ""
            now[key] = stream.frames
            self.frames[stream.kind] += self._rise(key, stream.frames)
            for reason, count in stream.dropped.items():
                key = stream.session_id, stream.kind, reason
                now[key] = count
                self.dropped[stream.kind, reason] += self._rise(key, count)
        self._before = now

    def _rise(self, key: tuple[str, StreamKind, str], count: int) -> int:
        before = self._before.get(key, 0)
        return count - before if count >= before else count  # less than before: the stream is another one
