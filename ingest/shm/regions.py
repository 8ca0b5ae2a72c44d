"""Which bytes of an arena are free; pure bookkeeping, no memory."""

from collections.abc import Iterable, Sequence

from ..errors import ArenaFull

PAGE = 4096


class RegionAllocator:
    """First-fit allocation of page-aligned byte ranges."""

    def __init__(self, start: int, end: int) -> None:
        self._free: list[tuple[int, int]] = [(start, end)]

    @property
    def free_bytes(self) -> int:
        """Bytes not handed out, over all holes."""
        return sum(end - start for start, end in self._free)

    def allocate(self, nbytes: int) -> int:
        """Return the start of a range of at least ``nbytes``.

        Raises:
            ArenaFull: no hole is large enough.
        """
        need = -(-nbytes // PAGE) * PAGE
        for index, (start, end) in enumerate(self._free):
            if end - start >= need:
                self._free[index : index + 1] = [(start + need, end)] if end - start > need else []
                return start
        raise ArenaFull(f"no room for {need} bytes in shared memory; {self.free_bytes} bytes are free")

    def move(self, start: int, nbytes: int, wanted: int) -> int:
        """Give a range back for one of ``wanted`` bytes, which may overlap it; returns its start.

        Raises:
            ArenaFull: no hole is large enough, and the range is as it was.
        """
        before = self._free
        self.release(start, nbytes)
        try:
            return self.allocate(wanted)
        except ArenaFull:
            self._free = before
            raise

    def fits(self, sizes: Sequence[int], released: Iterable[tuple[int, int]], most: int) -> int:
        """How often ranges of all these sizes still fit, up to ``most``, were others released first."""
        trial = RegionAllocator(0, 0)
        trial._free = self._free.copy()
        for start, nbytes in released:
            trial.release(start, nbytes)
        for count in range(most):
            try:
                for nbytes in sizes:
                    trial.allocate(nbytes)
            except ArenaFull:
                return count
        return most

    def release(self, start: int, nbytes: int) -> None:
        """Give a range back and join it with its neighbours."""
        end = start + -(-nbytes // PAGE) * PAGE
        merged: list[tuple[int, int]] = []
        for hole in sorted([*self._free, (start, end)]):
            if hole[0] == hole[1]:
                continue
            if merged and merged[-1][1] == hole[0]:
                merged[-1] = (merged[-1][0], hole[1])
            else:
                merged.append(hole)
        self._free = merged
