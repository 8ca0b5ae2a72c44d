"""Which bytes are free: none is given out twice, and all come back."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.ingest.errors import ArenaFull
from argusd.ingest.shm.regions import PAGE, RegionAllocator


@given(st.lists(st.integers(1, 40_000), max_size=30), st.randoms())
def test_regions_never_overlap_and_all_come_back(sizes: list[int], random: Random) -> None:
    allocator = RegionAllocator(PAGE, 64 * PAGE)
    taken: dict[int, int] = {}
    for size in sizes:
        if taken and random.random() < 0.4:
            start = random.choice(sorted(taken))
            allocator.release(start, taken.pop(start))
        try:
            start = allocator.allocate(size)
        except ArenaFull:
            continue
        pages = -(-size // PAGE) * PAGE
        assert start % PAGE == 0
        assert start >= PAGE
        assert start + pages <= 64 * PAGE
        assert all(start + pages <= s or s + -(-n // PAGE) * PAGE <= start for s, n in taken.items())
        taken[start] = size
    for start, size in taken.items():
        allocator.release(start, size)
    assert allocator.free_bytes == 63 * PAGE
    assert allocator.allocate(63 * PAGE) == PAGE  # one hole again, not crumbs


def test_a_full_arena_says_how_much_is_free() -> None:
    allocator = RegionAllocator(0, 4 * PAGE)
    allocator.allocate(3 * PAGE)
    with pytest.raises(ArenaFull, match="no room for 8192 bytes in shared memory; 4096 bytes are free"):
        allocator.allocate(2 * PAGE)
