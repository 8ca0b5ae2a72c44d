"""Dates as documents print them, to ISO 8601."""

import re
from datetime import date
from typing import NamedTuple

TO_DIGIT = str.maketrans("OoIlZSB", "0011258")
LIKE_NUMBERS = re.compile(r"[OoIlZSB\d]+")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
SEPARATOR = r"(?:\s*[\s./\-,]\s*)"
# Cards in two languages print "LIP/JUL".
MONTH = rf"(?:[^\W\d_]+\s*/\s*)?({'|'.join(MONTHS)})[a-z]*"
YEAR_FIRST = re.compile(rf"\b(\d{{4}}){SEPARATOR}(\d{{1,2}}){SEPARATOR}(\d{{1,2}})\b")
YEAR_LAST = re.compile(rf"\b(\d{{1,2}}){SEPARATOR}(\d{{1,2}}){SEPARATOR}(\d{{4}})\b")
DAY_MONTH_NAME = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?{SEPARATOR}?{MONTH}{SEPARATOR}?(\d{{4}})\b", re.I)
MONTH_NAME_DAY = re.compile(rf"\b{MONTH}{SEPARATOR}?(\d{{1,2}})(?:st|nd|rd|th)?{SEPARATOR}(\d{{4}})\b", re.I)


class ReadDate(NamedTuple):
    """``ambiguous``: day and month could be the other way round; the day was taken to stand first."""

    value: date
    ambiguous: bool


def find_date(text: str) -> ReadDate | None:
    """The first date in the text; two-digit years are none.

    Letters that look like digits are read as such where there is no date otherwise.
    """
    return _find(text) or _find(LIKE_NUMBERS.sub(lambda token: _number(token[0]), text))


def _find(text: str) -> ReadDate | None:
    if found := YEAR_FIRST.search(text):
        year, month, day = map(int, found.groups())
        return _made(year, month, day)
    if found := DAY_MONTH_NAME.search(text):
        return _made(int(found[3]), _month(found[2]), int(found[1]))
    if found := MONTH_NAME_DAY.search(text):
        return _made(int(found[3]), _month(found[1]), int(found[2]))
    if found := YEAR_LAST.search(text):
        first, second, year = map(int, found.groups())
        day_first = _made(year, second, first)
        if day_first is None:
            return _made(year, first, second)
        return day_first._replace(ambiguous=first != second and first <= len(MONTHS))
    return None


def _number(token: str) -> str:
    return token.translate(TO_DIGIT) if any(character.isdigit() for character in token) else token


def _month(name: str) -> int:
    return MONTHS.index(name[:3].casefold()) + 1


def _made(year: int, month: int, day: int) -> ReadDate | None:
    try:
        return ReadDate(date(year, month, day), ambiguous=False)
    except ValueError:
        return None
