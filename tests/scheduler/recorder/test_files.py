"""Files of evidence: whole or not there, nobody else's to read, never more than there may be."""

import errno
import hashlib
import re
from pathlib import Path

import pytest

from argusd.scheduler.contract.evidence.records import evidence_folder, file_of
from argusd.scheduler.contract.names import NAME
from argusd.scheduler.recorder.files import UNFINISHED, DiskFull, EvidenceFiles

MIB = 1 << 20


def kept(files: EvidenceFiles, session_id: str, body: bytes) -> None:
    draft = files.draft("1.jpg", lambda path: path.write_bytes(body))
    assert (draft.sha256, draft.nbytes) == (hashlib.sha256(body).hexdigest(), len(body))
    files.keep(draft, session_id, "1", "snapshot")


def test_a_file_is_in_its_place_once_it_is_whole(tmp_path: Path) -> None:
    files = EvidenceFiles(tmp_path, MIB, 0)
    kept(files, "s1", b"picture")
    path = file_of(tmp_path, "s1", "1", "snapshot")
    assert path.read_bytes() == b"picture"
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert files.has_some("s1", "1")
    files.forget("s1")
    assert [*evidence_folder(tmp_path).rglob("*")] == [evidence_folder(tmp_path) / UNFINISHED]


def test_what_was_kept_counts_in_the_next_life_and_what_was_unfinished_goes(tmp_path: Path) -> None:
    files = EvidenceFiles(tmp_path, MIB, 0)
    kept(files, "s1", b"picture")
    files.draft("2.webm", lambda path: path.write_bytes(b"half of a clip"))
    again = EvidenceFiles(tmp_path, MIB, 0)
    assert again.sizes == files.sizes == {"s1": 7}
    assert [*(evidence_folder(tmp_path) / UNFINISHED).iterdir()] == []


def test_no_session_can_be_called_as_what_is_unfinished_is(tmp_path: Path) -> None:
    assert re.match(NAME, UNFINISHED) is None
    EvidenceFiles(tmp_path, MIB, 0)
    assert [each.name for each in evidence_folder(tmp_path).iterdir()] == [UNFINISHED]


def test_a_file_that_is_none_of_ours_is_left_alone(tmp_path: Path) -> None:
    kept(EvidenceFiles(tmp_path, MIB, 0), "s1", b"picture")
    (evidence_folder(tmp_path) / ".DS_Store").write_bytes(b"of a file manager")
    assert EvidenceFiles(tmp_path, MIB, 0).sizes == {"s1": 7}


@pytest.mark.parametrize(("most", "least_free"), [(7, 0), (MIB, 1 << 60)])
def test_no_more_is_kept_than_may_be(tmp_path: Path, most: int, least_free: int) -> None:
    kept(EvidenceFiles(tmp_path, MIB, 0), "s1", b"picture")
    files = EvidenceFiles(tmp_path, most, least_free)
    assert files.full
    with pytest.raises(DiskFull):
        files.draft("2.jpg", lambda path: path.write_bytes(b"picture"))


@pytest.mark.parametrize(("number", "told"), [(errno.ENOSPC, DiskFull), (errno.EIO, OSError)])
def test_nothing_is_left_of_a_file_that_could_not_be_written(
    tmp_path: Path, number: int, told: type[Exception]
) -> None:
    def write(path: Path) -> None:
        path.write_bytes(b"half of it")
        raise OSError(number, "")

    files = EvidenceFiles(tmp_path, MIB, 0)
    with pytest.raises(told):
        files.draft("1.jpg", write)
    assert [*(evidence_folder(tmp_path) / UNFINISHED).iterdir()] == []
