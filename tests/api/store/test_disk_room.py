"""Whether a file can grow, by what the disk and the limits of the process say."""

import resource
from pathlib import Path

import pytest

from argusd.api.store import disk_room
from argusd.api.store.disk_room import LEAST_ROOM, can_grow, is_full


def test_where_there_is_room_a_file_can_grow_and_nothing_is_left_of_the_try(tmp_path: Path) -> None:
    assert not is_full(tmp_path)
    assert can_grow(tmp_path, 1 << 30)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_is_full_where_less_is_free_than_the_least(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_room, "LEAST_ROOM", 1 << 60)
    assert is_full(tmp_path)
    assert not can_grow(tmp_path, 0)


def test_a_file_as_large_as_the_process_may_write_cannot_grow(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3 * LEAST_ROOM, before[1]))
    try:
        assert can_grow(tmp_path, LEAST_ROOM)
        assert not can_grow(tmp_path, 3 * LEAST_ROOM)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_cannot_be_tried_does_not_count_as_full(tmp_path: Path) -> None:
    assert not is_full(tmp_path / "none")
    assert can_grow(tmp_path / "none", 0)
