"""Which worker of a tier takes a piece of work. Pure.

A session that has been somewhere goes there again, as long as that worker can be used: what it remembers of
the session lies there. A new session's streams stay for long and go where the least is going on. A one-shot
is over soon, so those take turns, which is fair without knowing how long each will take.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

WorkKind = Literal["stream", "one_shot"]


class Candidate(NamedTuple):
    """A worker that can be used now. ``load``: requests at work and sessions watched."""

    name: str
    load: int


class Placement:
    """Decides for one tier; remembers whose turn it is."""

    def __init__(self) -> None:
        self._last = ""

    def choose(self, candidates: Sequence[Candidate], work: WorkKind, affine: str | None) -> str | None:
        """The name of the worker to use; None if there is no candidate."""
        names = sorted(candidate.name for candidate in candidates)
        if not names or affine in names:
            return affine if names else None
        if work == "stream":
            return min(candidates, key=lambda candidate: (candidate.load, candidate.name)).name
        self._last = next((name for name in names if name > self._last), names[0])
        return self._last
