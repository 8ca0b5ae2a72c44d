"""What the table says of a few runs."""

from .table import HEAD, Run, Took, rows


def test_a_row_sums_up_all_tries_of_its_fault() -> None:
    runs = [
        Run((3, "kill -9 api"), True, 1.0, 0),
        Run((1, "kill -9 ingest"), True),
        Run((3, "kill -9 api"), False, 2.0, 4),
        Run((3, "kill -9 api"), True, 1.5, 0),
    ]
    head, first, third = rows(runs)
    assert head == HEAD
    assert first.split() == ["1", "kill", "-9", "ingest", "1", "of", "1", "-", "-", "-"]
    assert third.split() == ["3", "kill", "-9", "api", "2", "of", "3", "1.500", "s", "2.000", "s", "4"]


def test_the_rows_come_in_the_order_of_their_numbers() -> None:
    runs = [Run((number, "fault"), True) for number in (20, 3, 11)]
    assert [line.split()[0] for line in rows(runs)[1:]] == ["3", "11", "20"]


def test_what_took_longer_than_it_may_does_not_count() -> None:
    runs = [Run((21, "a host dies"), True, took=(Took("told", seconds, 5.0),)) for seconds in (1.0, 2.0, 6.0)]
    _, _, told = rows(runs)
    assert told.split() == ["-", "told", "within", "5", "s", "2", "of", "3", "2.000", "s", "6.000", "s"]
