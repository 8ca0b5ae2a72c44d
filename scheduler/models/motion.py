"""What of a picture moved lately: people do even if they sit still, pictures of people do not. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from argusd.kernels.pictures.motion import COLUMNS, ROWS, Looked, moved

from ..core import Edges

Cells = NDArray[np.bool_]

EVERY_S = 0.4  # from one look that is compared to the next: in less time who sits still moves too little
WATCHED_S = 15.0  # who sits still moves at least every 7 s, far away or in the dark every 13
SHARE = 0.02  # of a box's cells: so many move at once
FEW = 3  # cells: noise moves as many
LEAST = 12  # cells: of a box that shows fewer nobody can tell


@dataclass(eq=False)
class Change:
    """Two looks that followed one another. ``at_s``: when the picture of the later one arrived."""

    then: Looked
    now: Looked
    at_s: float

    @cached_property
    def cells(self) -> Cells | None:
        """What moved from one to the other, None: another shot began; found out only where somebody asks."""
        return moved(self.now, self.then)


@dataclass(frozen=True, eq=False)
class RecentMotion:
    """The looks of the last ``WATCHED_S``. It stays as it is: ``after`` makes the next one."""

    newest: Looked | None = None
    at_s: float = 0.0
    changes: tuple[Change, ...] = ()

    def wants(self, at_s: float) -> bool:
        """Whether it is time for another look."""
        return self.newest is None or at_s - self.at_s >= EVERY_S

    def after(self, cells: Looked, at_s: float) -> "RecentMotion":
        """With one more look, whose picture arrived then."""
        if self.newest is None:
            return RecentMotion(cells, at_s)
        kept = [each for each in self.changes if at_s - each.at_s < WATCHED_S]
        return RecentMotion(cells, at_s, (*kept, Change(self.newest, cells, at_s)))

    @property
    def looks(self) -> int:
        """As ``core.Motion``."""
        return sum(1 for _ in self._shot())

    def moves(self, box: Edges, others: Iterable[Edges], width: int, height: int, times: int = 1) -> bool:
        """As ``core.Motion``; nobody knows at a shot's first look, nor of what is hidden or too small."""
        own = _inside(box, width, height)
        for other in others:
            own &= ~_inside(other, width, height)
        size = int(own.sum())
        shot = list(self._shot())
        if size < LEAST or not shot:
            return True
        least = max(FEW, SHARE * size)
        return sum(bool((cells & own).sum() >= least) for cells in shot) >= times

    def _shot(self) -> Iterator[Cells]:
        """What moved from look to look in this shot: what was before tells nothing of who is where now."""
        for change in reversed(self.changes):
            if change.cells is None:
                return
            yield change.cells


def _inside(box: Edges, width: int, height: int) -> Cells:
    left, top, right, bottom = box
    down, across = (np.arange(ROWS) + 0.5) * height / ROWS, (np.arange(COLUMNS) + 0.5) * width / COLUMNS
    rows, columns = (down > top) & (down < bottom), (across > left) & (across < right)
    return np.asarray(rows[:, None] & columns, np.bool_)
