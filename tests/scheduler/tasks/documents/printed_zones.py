"""Machine-readable zones as issuers print them, for tests."""

from typing import NamedTuple

from hypothesis import strategies as st

from argusd.scheduler.tasks.documents.mrz_number import check_digit

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"
DATES = st.dates().map(lambda day: f"{day:%y%m%d}")
# As most issuers number: letters, if any, before digits.
NUMBERS = st.tuples(st.text(LETTERS, max_size=3), st.text(DIGITS, min_size=5, max_size=6)).map("".join)
# With a vowel at the end: nobody's name is one letter of those that fillers are taken for, again and again.
WORDS = st.lists(st.text(LETTERS, min_size=1, max_size=8).map("{}A".format), min_size=1, max_size=2)
KINDS = ("TD1", "TD2", "TD3", "MRV-A", "MRV-B", "FRA")


class Holder(NamedTuple):
    """Whose document it is; names as lists of words, dates as YYMMDD."""

    surname: list[str]
    given: list[str]
    number: str
    born: str
    expires: str
    optional: str


HOLDERS = st.builds(Holder, WORDS, WORDS, NUMBERS, DATES, DATES, st.text(DIGITS, max_size=7))


def printed(kind: str, holder: Holder) -> list[str]:
    """The lines of a zone."""
    if kind == "FRA":
        return _french(holder)
    names = "<<".join(("<".join(holder.surname), "<".join(holder.given)))
    number, born, expires = (
        _checked(holder.number.ljust(9, "<")),
        _checked(holder.born),
        _checked(holder.expires),
    )
    if kind == "TD1":
        first = f"I<UTO{number}{holder.optional}".ljust(30, "<")
        second = f"{born}F{expires}UTO".ljust(29, "<")
        composite = check_digit(first[5:] + born + expires + second[18:])
        return [first, second + composite, _padded(names, 30)]
    length = 36 if kind in ("TD2", "MRV-B") else 44
    first = _padded({"TD2": "I", "TD3": "P"}.get(kind, "V") + f"<UTO{names}", length)
    middle = f"{number}UTO{born}F{expires}"
    if kind.startswith("MRV"):
        return [first, _padded(middle + holder.optional, length)]
    optional = holder.optional.ljust(length - 29 - (kind == "TD3"), "<")
    if kind == "TD3":
        optional = _checked(optional)
    return [first, middle + optional + check_digit(number + born + expires + optional)]


def _french(holder: Holder) -> list[str]:
    number = (holder.number.translate(str.maketrans(LETTERS, "1" * 26)) + "0" * 12)[:12]
    first = _padded(f"IDFRA{'<'.join(holder.surname)}", 30) + "075001"
    second = f"{_checked(number)}{_padded('<<'.join(holder.given), 14)}{_checked(holder.born)}F"
    return [first, second + check_digit(first + second)]


def _padded(text: str, length: int) -> str:
    return text[:length].ljust(length, "<")


def _checked(field: str) -> str:
    return field + check_digit(field)
