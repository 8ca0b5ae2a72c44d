"""The machine-readable zone of passports and identity cards (ICAO Doc 9303, parts 3 to 6), as OCR reads it.

    TD1   3 lines of 30   identity cards
    TD2   2 lines of 36   older identity cards
    TD3   2 lines of 44   passports

OCR takes 0 for O and loses fillers. Where the standard has only letters or only digits, that is undone; in
document numbers, which mix them, the least change that satisfies the check digit is taken, if there is just
one, and told: the digit would also be satisfied if another character were wrong. A zone whose check digits
don't agree is returned as it was read, and says so.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import combinations
from typing import Literal, NamedTuple

Kind = Literal["TD1", "TD2", "TD3"]

FILLER = "<"
LOST = 4  # characters by which a line may be shorter or longer than it should be
MOST_CHANGES = 2
VALID_FOR_YEARS = 50  # no document is valid for longer
TO_DIGIT = str.maketrans("OQDILZSGB", "000112568")
TO_LETTER = str.maketrans("012568", "OIZSGB")
CONFUSED = dict(zip("0O1I2Z5S6G8B", "O0I1Z2S5G6B8", strict=True))
FIRST_LINE = re.compile(r"[PIAC][A-Z0-9<][A-Z0-9<]{3}")


class Mrz(NamedTuple):
    """What the zone says.

    Dates are None where they are none. ``failed`` names fields with a wrong check digit. ``corrected``: the
    number is not as it was read, but as its digit says that it may have been.
    """

    kind: Kind
    number: str
    surname: str
    given_names: str
    issuer: str
    nationality: str
    sex: str
    born: date | None
    expires: date | None
    failed: tuple[str, ...]
    corrected: bool

    @property
    def name(self) -> str:
        """Given names, then the surname."""
        return f"{self.given_names} {self.surname}".strip()


class _Zone(NamedTuple):
    """The fields where they lie; ``number``, ``born`` and ``expires`` with their check digits behind."""

    kind: Kind
    issuer: str
    number: str
    optional: str  # between the number and the rest, TD1 only
    born: str
    sex: str
    expires: str
    nationality: str
    rest: str  # optional data at the end
    composite: str  # the digit of number, optional, born, expires and rest in a row
    names: str


def find_mrz(lines: Sequence[str], today: date) -> Mrz | None:
    """The zone among the lines of a document, from top to bottom; None where there is none.

    ``today`` decides the century: nobody is born in the future.
    """
    rows = [_characters(line) for line in lines]
    found = [_checked(zone, today) for zone in _zones(rows)]
    return min(found, key=lambda mrz: len(mrz.failed), default=None)


def check_digit(text: str) -> str:
    """Weights 7, 3, 1 modulo 10; letters count from 10, fillers 0 (part 3, section 4.9)."""
    values = (0 if character == FILLER else int(character, 36) for character in text)
    return str(sum(value * (7, 3, 1)[place % 3] for place, value in enumerate(values)) % 10)


def _characters(line: str) -> str:
    return re.sub(r"[^A-Z0-9<]", "", line.upper().replace("«", "<<").replace("‹", "<"))


def _zones(rows: Sequence[str]) -> Iterator[_Zone]:
    for at, row in enumerate(rows):
        if FILLER not in row or not FIRST_LINE.match(row):
            continue
        if lines := _fitted(rows[at : at + 2], 2, 44):
            yield _two_lines("TD3", *lines)
        if lines := _fitted(rows[at : at + 2], 2, 36):
            yield _two_lines("TD2", *lines)
        if lines := _fitted(rows[at : at + 3], 3, 30):
            yield _three_lines(*lines)


def _fitted(rows: Sequence[str], count: int, length: int) -> list[str]:
    """So many lines of this length, or none."""
    lines = [line for line in (_fit(row, length) for row in rows) if line is not None]
    return lines if len(lines) == count else []


def _fit(row: str, length: int) -> str | None:
    """Add or take fillers where most of them are; None for a line that is too short or too long."""
    off = length - len(row)
    if abs(off) > LOST:
        return None
    runs = [*re.finditer("<+", row)]
    if not off:
        return row
    if not runs:
        return None
    longest = max(runs, key=lambda run: run.end() - run.start())
    fillers = longest.end() - longest.start() + off
    return row[: longest.start()] + FILLER * fillers + row[longest.end() :] if fillers > 0 else None


def _two_lines(kind: Kind, first: str, second: str) -> _Zone:
    return _Zone(
        kind=kind,
        issuer=first[2:5],
        number=second[:10],
        optional="",
        nationality=second[10:13],
        born=second[13:20],
        sex=second[20],
        expires=second[21:28],
        rest=second[28:-1],
        composite=second[-1],
        names=first[5:],
    )


def _three_lines(first: str, second: str, third: str) -> _Zone:
    return _Zone(
        kind="TD1",
        issuer=first[2:5],
        number=first[5:15],
        optional=first[15:],
        born=second[:7],
        sex=second[7],
        expires=second[8:15],
        nationality=second[15:18],
        rest=second[18:29],
        composite=second[29],
        names=third,
    )


def _checked(zone: _Zone, today: date) -> Mrz:
    born, expires = zone.born.translate(TO_DIGIT), zone.expires.translate(TO_DIGIT)
    as_read = _number(zone)
    corrected = _corrected(as_read[:-1], as_read[-1])
    number = (corrected or as_read[:-1]) + as_read[-1]
    surname, _, given = zone.names.translate(TO_LETTER).partition(FILLER * 2)
    checks = {
        "number": corrected is not None,
        "born": check_digit(born[:6]) == born[6],
        "expires": check_digit(expires[:6]) == expires[6],
        "composite": _composite_fits(zone, number, born, expires),
    }
    return Mrz(
        kind=zone.kind,
        number=number[:-1].rstrip(FILLER),
        surname=_words(surname),
        given_names=_words(given),
        issuer=_words(zone.issuer.translate(TO_LETTER)),
        nationality=_words(zone.nationality.translate(TO_LETTER)),
        sex=zone.sex if zone.sex in "MF" else "X",
        born=_date(born, latest=today),
        expires=_date(expires, latest=today.replace(year=today.year + VALID_FOR_YEARS, day=1)),
        failed=tuple(name for name, fits in checks.items() if not fits),
        corrected=number != as_read,
    )


def _number(zone: _Zone) -> str:
    """As it was read, with its digit."""
    field = zone.number
    if zone.kind != "TD3" and field[-1] == FILLER:
        # More than nine characters go on in the optional data (parts 5 and 6, 4.2.2, note j).
        field = field[:-1] + (zone.optional or zone.rest).partition(FILLER)[0]
    return field[:-1] + field[-1].translate(TO_DIGIT)


def _corrected(read: str, digit: str) -> str | None:
    """Changed by as little as makes the digit fit, if only one change does; None where none or several do."""
    for changes in range(MOST_CHANGES + 1):
        fitting = [text for text in _readings(read, changes) if check_digit(text) == digit]
        if fitting:
            return fitting[0] if len(fitting) == 1 else None
    return None


def _readings(text: str, changes: int) -> Iterator[str]:
    """All that OCR may have taken for the text with so many mistakes."""
    places = [at for at, character in enumerate(text) if character in CONFUSED]
    for chosen in combinations(places, changes):
        yield "".join(CONFUSED[read] if at in chosen else read for at, read in enumerate(text))


def _composite_fits(zone: _Zone, number: str, born: str, expires: str) -> bool:
    if zone.number[-1] == FILLER:
        number = zone.number
    rest = zone.rest
    if zone.kind == "TD3":
        # The personal number has a digit of its own, or a filler where there is no number.
        rest = (_corrected(rest[:-1], rest[-1].translate(TO_DIGIT)) or rest[:-1]) + rest[-1]
    digit = zone.composite.translate(TO_DIGIT)
    return check_digit(number + zone.optional + born + expires + rest) == digit


def _date(digits: str, latest: date) -> date | None:
    if not digits[:6].isdigit():
        return None
    year, month, day = (int(digits[at : at + 2]) for at in (0, 2, 4))
    for century in (latest.year // 100 * 100, latest.year // 100 * 100 - 100):
        try:
            found = date(century + year, month, day)
        except ValueError:
            continue
        if found <= latest:
            return found
    return None


def _words(names: str) -> str:
    return " ".join(part for part in names.split(FILLER) if part)
