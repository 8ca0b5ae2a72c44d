"""Findings that the api has not stored yet."""

from collections import OrderedDict
from collections.abc import Iterator

from ..contract.messages import Finding

OBSERVATION = "observation"


class Outbox:
    """Findings by number, oldest first, until they are acknowledged; at most ``limit``.

    Overflow: the oldest *observations* go first, since newer ones supersede them; only when nothing but
    violations is left does the oldest of those go. ``lost`` counts both; the numbers of what went are the
    holes by which the api can tell.
    """

    def __init__(self, limit: int) -> None:
        self.lost = 0
        self._limit = limit
        self._findings: OrderedDict[int, Finding] = OrderedDict()
        self._observations: OrderedDict[int, None] = OrderedDict()

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._findings.values())

    def __len__(self) -> int:
        return len(self._findings)

    @property
    def newest(self) -> int:
        """The number of the newest one, 0 where there is none."""
        return next(reversed(self._findings), 0)

    def put(self, finding: Finding) -> None:
        """Keep one more."""
        if len(self._findings) >= self._limit:
            oldest = next(iter(self._observations or self._findings))
            self._remove(oldest)
            self.lost += 1
        self._findings[finding.number] = finding
        if finding.type == OBSERVATION:
            self._observations[finding.number] = None

    def acknowledge(self, number: int) -> None:
        """Everything up to ``number`` is stored elsewhere."""
        while self._findings and next(iter(self._findings)) <= number:
            self._remove(next(iter(self._findings)))

    def _remove(self, number: int) -> None:
        del self._findings[number]
        self._observations.pop(number, None)
