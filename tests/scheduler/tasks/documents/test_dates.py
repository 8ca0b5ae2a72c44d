"""Dates as documents print them."""

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from argusd.scheduler.tasks.documents.dates import ReadDate, find_date

DAY = date(1990, 3, 25)


@pytest.mark.parametrize(
    "text",
    [
        "1990-03-25", "1990/3/25", "25/03/1990", "25.03.1990", "25 - 03 - 1990", "25 Mar 1990", "25MAR1990",
        "25th March 1990",
        "25 Mars/MAR 1990", "25 MAR / MAR 1990", "2S.O3.l99O", "25 MAR I99O",
        "March 25, 1990", "Mar 25 1990", "03/25/1990", "born 25 MARCH 1990 in Utopia",
    ],
)  # fmt: skip
def test_notations(text: str) -> None:
    assert find_date(text) == ReadDate(DAY, ambiguous=False)


def test_the_day_stands_first_where_both_could() -> None:
    assert find_date("04/03/1990") == ReadDate(date(1990, 3, 4), ambiguous=True)
    assert find_date("03/03/1990") == ReadDate(date(1990, 3, 3), ambiguous=False)


@pytest.mark.parametrize(
    "text", ["", "25/03/90", "31/02/1990", "13/13/1990", "25 Foo 1990", "1234567890", "0000-00-00"]
)
def test_what_is_no_date(text: str) -> None:
    assert find_date(text) is None


@given(st.dates(date(1900, 1, 1)))
def test_every_day_is_read_back(day: date) -> None:
    for text in (day.isoformat(), f"{day:%d %b %Y}", f"{day:%B %d, %Y}", f"{day:%d.%m.%Y}"):
        read = find_date(text)
        assert read is not None
        assert read.value == day


@given(st.text(max_size=60))
@example("25 ſep 1990")  # an s that is none, but to re.IGNORECASE
def test_no_text_breaks_it(text: str) -> None:
    assert find_date(text) is None or isinstance(find_date(text), ReadDate)
