"""What commands print, in whatever shell and to whatever reader."""

import io
import os
import subprocess
import sys

import pytest

from argusd.daemon import exit_codes
from argusd.daemon.output import coloured

from ..live_daemon import ARGUSD

LIST = (*ARGUSD, "models", "list")


class Terminal(io.StringIO):
    """A stdout that people read."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
    ],
)
def test_colours_are_for_terminals_that_want_them(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert coloured() is expected
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert not coloured(), "it is a pipe"


def shell(redirection: str, *command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """A command as a shell runs it, with its output redirected."""
    words = ("sh", "-c", f'exec "$@" {redirection}', "sh", *command)
    return subprocess.run(words, env=os.environ | environment, capture_output=True, text=True, check=False)


def test_a_closed_stdout_is_no_error() -> None:
    done = shell(">&-", *LIST)
    assert (done.returncode, done.stderr) == (exit_codes.DONE, "")


def test_a_full_disk_is_told_in_one_line() -> None:
    done = shell("> /dev/full", *LIST)
    assert (done.returncode, done.stderr) == (exit_codes.FAILED, "argusd: no space left on device\n")


def test_a_shell_without_the_characters_gets_escapes() -> None:
    done = shell("", *LIST, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (exit_codes.DONE, "")
    assert "\\xb7" in done.stdout


def test_help_whose_reader_is_gone_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    buffered = os.environ | {"PYTHONUNBUFFERED": ""}
    with os.fdopen(writing, "wb") as pipe:
        done = subprocess.run(
            [*ARGUSD, "events", "--help"], env=buffered, stdout=pipe, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (exit_codes.NO_READER, b"")
