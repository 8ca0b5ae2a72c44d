import errno
from pathlib import Path

import pytest

from argusd.scheduler.contract.wording.reasons import reason_of, unreadable


def test_the_systems_words_and_where_there_are_none_the_errors_own() -> None:
    assert reason_of(PermissionError(errno.EACCES, "Permission denied")) == "permission denied"
    assert reason_of(OSError("Gone")) == "gone"


def told_of(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, ValueError) as error:
        return unreadable(error, "it is no text")


@pytest.mark.parametrize(
    ("name", "why"),
    [("not-there", "no such file or directory"), ("bytes", "it is no text"), ("\0", "its name is no file's")],
)
def test_why_a_file_of_text_cannot_be_read(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff")
    assert told_of(tmp_path / name) == why
