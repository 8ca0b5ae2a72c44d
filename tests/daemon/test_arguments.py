"""What words on the command line may be, and what is said of those that are not."""

import argparse
import contextlib
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.daemon import arguments
from argusd.daemon.cli import COMMANDS, build_parser

Read = Callable[[str], Any]

# Judged later: by a benchmark's own list, the hosts that are there, the event log, the manifest.
TEXTS = {
    "bench name",
    "bench of",
    "drain host",
    "models names",
    "replay --models",
}


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (arguments.port, "8015", 8015),
        (arguments.whole(0), "0", 0),
        (arguments.wholes, "1,4,16", [1, 4, 16]),
        (arguments.words, "a, b,", ["a", "b"]),
        (arguments.words_of(["a", "b"]), "b,a", ["b", "a"]),
        (arguments.amount, "0.5", 0.5),
        (arguments.number_from_0, "0", 0.0),
        (arguments.addresses, "http://a:8015,https://b", "http://a:8015,https://b"),
        (arguments.session_id, "candidate-7", "candidate-7"),
        (arguments.path, "x/y", Path("x/y")),
        (arguments.existing, "/", Path("/")),
        (arguments.existing_file, "/dev/null", Path("/dev/null")),
        (arguments.playable, "/dev/null", "/dev/null"),
        (arguments.playable, "sample", "sample"),
        (arguments.playable, "rtsp://camera/1", "rtsp://camera/1"),
        (arguments.event_id, "candidate-7:36", "candidate-7:36"),
        (arguments.unused_path, "/dev/shm/new", Path("/dev/shm/new")),
    ],
)
def test_what_is_understood(read: Read, text: str, value: object) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text", "sentence"),
    [
        (arguments.port, "99999", "must be a whole number from 1 to 65535, not '99999'"),
        (arguments.port, "0", "from 1 to 65535"),
        (arguments.port, "80 ", "from 1 to 65535"),
        (arguments.whole(1), "-3", "must be a whole number from 1 on, not '-3'"),
        (arguments.wholes, "1,x", "must be a whole number from 1 on, not 'x'"),
        (arguments.wholes, ",", "must be whole numbers with commas between"),
        (
            arguments.words_of(["face", "audio"]),
            "fase",
            r"no fase; did you mean face\? There are face, audio",
        ),
        (arguments.amount, "0", "must be a number above 0"),
        (arguments.amount, "-5", "must be a number above 0"),
        (arguments.number_from_0, "nan", "must be a number from 0 to 31622400, not 'nan'"),
        (arguments.number_from_0, "1e300", "to 31622400"),
        (arguments.addresses, "localhost:8015", r"did you mean http://localhost:8015\?"),
        (arguments.session_id, "a/b", "letters, digits"),
        (arguments.path, "", "must be a path"),
        (arguments.existing, "/nowhere", "must be a file or folder that is there, not '/nowhere'"),
        (arguments.new_file, "/nowhere/result.json", "must be a file that can be written"),
        (arguments.new_file, "/", "must be a file that can be written"),
        (arguments.existing, "x" * 5000, "must be a file or folder that is there"),
        (arguments.existing_file, "/", "must be a file that is there"),
        (arguments.playable, "/nowhere.mp4", "must be a file that is there, not '/nowhere.mp4'"),
        (arguments.unused_path, "/dev/null", "must be a new file, not '/dev/null'"),
        (arguments.event_id, "1\n2", "must be the id of an event"),
        (arguments.words_of(["face", "audio"]), ",", "must be one or more of face, audio"),
    ],
)
def test_what_is_not_is_told_what_it_may_be(read: Read, text: str, sentence: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=sentence):
        read(text)


def test_a_result_may_replace_an_earlier_one(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    assert arguments.new_file(str(file)) == file
    file.touch()
    assert arguments.new_file(str(file)) == file


@given(st.one_of(st.text(), st.floats().map(str), st.integers().map(str)))
def test_a_duration_is_a_number_that_timers_take(text: str) -> None:
    with contextlib.suppress(argparse.ArgumentTypeError):
        assert 0 < arguments.amount(text) <= arguments.A_YEAR_S < math.inf


def test_every_option_of_every_command_is_checked() -> None:
    """No ``int``, ``float`` or ``Path`` takes whatever comes."""
    unchecked = {
        f"{command} {action.option_strings[0] if action.option_strings else action.dest}"
        for command in COMMANDS
        for action in options_of(build_parser([command]))
        if action.nargs != 0 and action.choices is None and not checked(action.type)
    }
    assert unchecked == TEXTS


def options_of(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Those of a parser and of all below it."""
    found = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found += [each for below in action.choices.values() for each in options_of(below)]
        else:
            found.append(action)
    return found


def checked(kind: Any) -> bool:
    return getattr(kind, "__module__", None) == arguments.__name__
