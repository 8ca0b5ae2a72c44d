"""What a log may say of an error: where it came from, never what it was about."""

import pytest

from argusd.scheduler.contract.logs.tracebacks import traceback_of


def read(text: str) -> int:
    return int(text)


def judge(text: str) -> int:
    try:
        return read(text)
    except ValueError as error:
        raise KeyError(text) from error


def test_it_tells_types_and_lines_of_all_causes_and_no_value() -> None:
    with pytest.raises(KeyError) as raised:
        judge("DOE")
    told = traceback_of(raised.value)
    assert told.splitlines()[-1] == "KeyError"
    assert "ValueError\nwhich led to:\n" in told
    assert "in read" in told
    assert "in judge" in told
    assert "DOE" not in told.replace('judge("DOE")', "")


def instead(text: str) -> int:
    try:
        return read(text)
    except ValueError:
        raise KeyError(text) from None


def test_what_an_error_was_raised_instead_of_is_not_its_cause() -> None:
    with pytest.raises(KeyError) as raised:
        instead("DOE")
    assert "in read" not in traceback_of(raised.value)
