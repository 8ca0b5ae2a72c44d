"""How long ago sessions changed.

A change has its time by the wall clock, which may be set anew meanwhile; by that nobody may lose a session
too early. So it is believed only for the time since the session was looked at last.
"""

import time
from collections.abc import Callable
from typing import NamedTuple


class Seen(NamedTuple):
    """A session at the last look: when it had changed, by the wall clock and by ours, and when that was."""

    changed_at: float
    since: float
    looked_at: float


class Ages:
    """Seconds since each session changed. ``now`` is monotonic seconds; ``wall`` tells unix seconds."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self._seen: dict[str, Seen] = {}

    def begin(self, session_id: str, changed_at: float, now: float) -> None:
        """Know a session from now on; nothing but the wall clock has told of it since it changed."""
        self._seen[session_id] = Seen(changed_at, now - self._by_wall(changed_at), now)

    def of(self, session_id: str, changed_at: float, now: float) -> float:
        """Seconds since the session changed, last at ``changed_at``; 0 of one that is not known."""
        seen = self._seen.get(session_id)
        if seen is None:
            return 0.0
        since = seen.since
        if changed_at != seen.changed_at:
            since = max(seen.looked_at, now - self._by_wall(changed_at))
        self._seen[session_id] = Seen(changed_at, since, now)
        return now - since

    def forget(self, session_id: str) -> None:
        """Know a session no longer."""
        self._seen.pop(session_id, None)

    def _by_wall(self, changed_at: float) -> float:
        return max(0.0, self._wall() - changed_at)
