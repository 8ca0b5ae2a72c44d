"""What a recording may take of the disk."""

from pathlib import Path

import pytest

from argusd.daemon.commands.recordings.record import no_room
from argusd.scheduler.recorder.config import RecorderConfig

MIB = 1 << 20


@pytest.mark.parametrize(
    ("nbytes", "min_free_mib", "said"),
    [
        (MIB - 1, 0, ""),
        (MIB, 0, "it has 1 MiB (evidence.max_mib)"),
        (0, 1 << 40, "the disk is nearly full (evidence.min_free_mib)"),
    ],
)
def test_a_recording_is_no_larger_than_may_be_and_leaves_room(
    tmp_path: Path, nbytes: int, min_free_mib: int, said: str
) -> None:
    file = tmp_path / "a.mkv"
    file.write_bytes(bytes(nbytes))
    limits = RecorderConfig(runtime_dir=tmp_path, state_dir=tmp_path, max_mib=1, min_free_mib=min_free_mib)
    assert no_room(file, limits) == said
