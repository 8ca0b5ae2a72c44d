"""How much of this host's cores other processes leave: what admission counts with.

Work of lower priority gives way, and does not count (the bulk tier's does). Those that receive the sessions'
media are known by their sockets, so what one more session costs there is measured as well.
"""

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

PROC = Path("/proc")
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
BESIDE = 0.03  # of a core for each session's media, until it is measured
SMOOTHING = 0.2
FAIR = 0.5  # of its share a process has even where others would use all: the kernel divides cores evenly
BUSY = (0, 2, 5, 6, 7)  # of a line of /proc/stat: user, system, irq, softirq, steal; not nice, idle, iowait


class Cores:
    """The cores that this process may use. ``share``: how many of them are its own where all are busy.

    ``left``: how many it can have; ``beside``: how many one more session takes in the processes
    ``receivers``. Both are smoothed. ``clock``: monotonic seconds; ``own``: CPU seconds of this process.
    """

    def __init__(
        self,
        share: int,
        receivers: Callable[[], Iterable[int]],
        proc: Path = PROC,
        clock: Callable[[], float] = time.monotonic,
        own: Callable[[], float] = time.process_time,
    ) -> None:
        self._names = {f"cpu{number}" for number in os.sched_getaffinity(0)}
        self._share = share
        self._receivers = receivers
        self._proc = proc
        self._clock = clock
        self._own = own
        self._others = 0.0
        self.beside = BESIDE
        self._seen = self._now()
        self._received = self._by_receiver()

    @property
    def left(self) -> float:
        """Cores that others do not use, of its share, and a fair part of it in any case."""
        return min(self._share, max(FAIR * self._share, len(self._names) - self._others))

    def look(self, sessions: int) -> None:
        """See who was busy since the last time, while there were so many; called every second or so."""
        before, self._seen = self._seen, self._now()
        at, busy, own = (new - old for new, old in zip(self._seen, before, strict=True))
        if at <= 0:
            return
        others = max(0.0, busy - own) / at
        self._others += SMOOTHING * (others - self._others)
        earlier, self._received = self._received, self._by_receiver()
        spent = sum(now - earlier[pid] for pid, now in self._received.items() if pid in earlier)
        if sessions:
            # The guess weighs as much as one session.
            beside = (BESIDE + spent / at) / (1 + sessions)
            self.beside += SMOOTHING * (beside - self.beside)

    def _now(self) -> tuple[float, float, float]:
        lines = (line.split() for line in (self._proc / "stat").read_text("utf-8").splitlines())
        busy = sum(int(words[1 + at]) for words in lines if words[0] in self._names for at in BUSY)
        return self._clock(), busy * TICK_S, self._own()

    def _by_receiver(self) -> dict[int, float]:
        """CPU seconds of each; one that is hidden or gone is left out."""
        found = {}
        for pid in self._receivers():
            try:
                stat = (self._proc / str(pid) / "stat").read_bytes()
            except OSError:
                continue
            user, system = stat.rpartition(b")")[2].split()[11:13]
            found[pid] = (int(user) + int(system)) * TICK_S
        return found
