"""How large a picture may be."""

from pathlib import Path

import pytest

from argusd.ingest.config import IngestConfig
from argusd.ingest.decoding.picture_limit import LEAST_SLOTS, PictureLimit, picture_limit
from argusd.ingest.shm.frame import SLOT_HEADER_BYTES, i420_info
from argusd.ingest.shm.ring import CACHE_LINE

CONFIG = IngestConfig(runtime_dir=Path("run"))
MIB = 1 << 20


@pytest.mark.parametrize("size", [(1920, 1080), (2560, 1440), (3840, 2160), (2160, 3840), (1080, 1920)])
def test_cameras_and_phones_up_to_4k_are_not_too_large(size: tuple[int, int]) -> None:
    assert picture_limit(CONFIG, CONFIG.arena_mib * MIB).takes(*size)


@pytest.mark.parametrize("size", [(4096, 2160), (7680, 4320), (3841, 16)])
def test_what_is_larger_is(size: tuple[int, int]) -> None:
    assert not picture_limit(CONFIG, CONFIG.arena_mib * MIB).takes(*size)


def test_the_configured_arena_holds_more_than_one_session_of_the_largest_pictures() -> None:
    assert CONFIG.arena_mib * MIB > 4 * CONFIG.slots * i420_info(CONFIG.max_width, CONFIG.max_height).nbytes


@pytest.mark.parametrize("arena_bytes", [3 * MIB, 8 * MIB, 20 * MIB])
def test_a_small_arena_allows_what_it_has_room_for_twice(arena_bytes: int) -> None:
    limit = picture_limit(CONFIG, arena_bytes)
    slot = limit.pixels * 3 // 2
    assert LEAST_SLOTS * slot <= arena_bytes < LEAST_SLOTS * (slot + SLOT_HEADER_BYTES + 2 * CACHE_LINE)


def test_codecs_count_whole_macroblocks() -> None:
    limit = PictureLimit(1920 * 1080, 1920)
    assert limit.coded_pixels >= 1920 * 1088
    assert limit.macroblocks == 8100
