"""The machine-readable zone of passports, identity cards and visas (ICAO Doc 9303), as OCR reads it.

``mrz_layouts.py`` has the formats, ``mrz_lines.py`` mends lines, ``mrz_number.py`` weighs numbers. Where the
standard has only letters or only digits, their look-alikes are put right. A zone whose check digits don't
agree is returned as it was read, and says so.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from .mrz_layouts import FILLER, LAYOUTS, Equation, Kind, Layout, Span
from .mrz_lines import (
    characters,
    fitted,
    french_names,
    joined_names,
    split_names,
    without_stray_letters,
)
from .mrz_number import Number, Proof, check_digit, resolve
from .zone_decoding import TOLD, Decoded

MOST_ZONES = 24  # that are weighed; on every document the zone is at the bottom
VALID_FOR_YEARS = 50  # no document is valid for longer
TO_DIGIT = str.maketrans("OQDILZSGB", "000112568")
TO_LETTER = str.maketrans("012568", "OIZSGB")
BEGINNING = 5  # kind of document and issuer
TO_FIRST = str.maketrans("1L4", "IIA")  # the kind of document
CHECKED = ("number", "born", "expires")


class Mrz(NamedTuple):
    """What the zone says.

    Dates are None where they are none, or where part of them is unknown. ``failed`` names fields with a wrong
    check digit. ``corrected``: the number is not as it was read. ``proofs``: of ``number``, ``born`` and
    ``expires``, where the format has them: ``proved`` by check digits, ``unproved`` where these leave a doubt
    (see ``mrz_number.py``), or ``failed``. ``lines``: as the standard has them, but for an unproved number.
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
    proofs: Mapping[str, Proof]
    lines: tuple[str, ...]

    @property
    def name(self) -> str:
        """Given names, then the surname."""
        return f"{self.given_names} {self.surname}".strip()

    @property
    def credible(self) -> bool:
        """Whether any check digit agrees; one in ten would by chance."""
        return any(proof != "failed" for proof in self.proofs.values())


class Found(NamedTuple):
    """A zone, and the first of its lines among those of the page."""

    at: int
    mrz: Mrz


def find_mrz(lines: Sequence[str], today: date) -> Mrz | None:
    """The zone among the lines of a document, from top to bottom; None where there is none.

    ``today`` decides the century: nobody is born in the future.
    """
    found = locate_mrz(lines, today)
    return found and found.mrz


def locate_mrz(lines: Sequence[str], today: date) -> Found | None:
    """The same, and where it is. What is printed elsewhere on the page bears witness for the number."""
    rows = [characters(line) for line in lines]
    zones = [
        Found(at, _read(layout, zone, _print(rows, at, layout.lines), today))
        for at, layout, zone in [*_zones(rows)][-MOST_ZONES:]
    ]
    begun = min(zones, key=_doubts, default=None)
    if begun is None or not begun.mrz.credible:
        return _by_second_line(rows, today) or begun
    return begun


def understood(zone: Decoded, today: date) -> Mrz:
    """What a zone says whose characters were weighed already. A number that is hardly sure is left out."""
    number = _shifted(zone.text, zone.layout.number_places(zone.text)) or zone.number
    mrz = _told(zone.layout, zone.text, number, today)
    told = mrz.number if zone.sure >= TOLD else ""
    return mrz._replace(number=told, corrected=False, lines=_cut(zone.text, zone.layout.length))


def _cut(zone: str, length: int) -> tuple[str, ...]:
    return tuple(zone[at : at + length] for at in range(0, len(zone), length))


def _by_second_line(rows: Sequence[str], today: date) -> Found | None:
    """A zone whose beginning was misread, told by all equations of its second line."""
    two_lines = [layout for layout in LAYOUTS if layout.lines == 2 and layout.composite and not layout.given]
    for at, (first, second) in [*enumerate(pairwise(rows))][-MOST_ZONES:]:
        for layout in two_lines:
            whole = fitted(first, layout.length, padded=True), fitted(second, layout.length, padded=False)
            if FILLER * 2 in first and None not in whole:
                mrz = _read(layout, "".join(filter(None, whole)), _print(rows, at, 2), today)
                if not mrz.failed:
                    return Found(at, mrz)
    return None


def _doubts(found: Found) -> tuple[bool, int, int]:
    mrz = found.mrz
    return not mrz.credible, len(mrz.failed), -len(mrz.proofs)


def _print(rows: Sequence[str], at: int, count: int) -> str:
    """Letters and digits of all rows but the zone's."""
    others = [*rows[:at], *rows[at + count :]]
    return "\n".join(re.sub(f"[ {FILLER}]", "", row) for row in others)


def _zones(rows: Sequence[str]) -> Iterator[tuple[int, Layout, str]]:
    """All that may be zones, their lines in a row."""
    for at, row in enumerate(rows):
        for layout in LAYOUTS:
            lines = [
                fitted(each, layout.length, padded=number == layout.padded_line)
                for number, each in enumerate(rows[at : at + layout.lines])
            ]
            whole = [line for line in lines if line is not None]
            if len(whole) == layout.lines and FILLER in row and (zone := _begun(layout, "".join(whole))):
                yield at, layout, zone


def _begun(layout: Layout, zone: str) -> str | None:
    """The zone, whose beginning is the format's or looks like it."""
    kind, issuer = zone[0].translate(TO_FIRST), zone[1:BEGINNING].translate(TO_LETTER)
    put_right = kind + issuer + zone[BEGINNING:]
    return next((each for each in (zone, put_right) if re.match(layout.begins, each)), None)


def _read(layout: Layout, zone: str, printed: str, today: date) -> Mrz:
    zone = _typed(layout, zone)
    where = layout.number_places(zone)
    zone = _with(zone, where, where.of(zone), zone[where.digit].translate(TO_DIGIT))
    composite = layout.composite and partial(_composite_fits, zone, where, layout.composite)
    number = _shifted(zone, where) or resolve(
        where.of(zone), zone[where.digit].translate(TO_DIGIT), composite, printed, layout.figures
    )
    return _told(layout, zone, number, today)


def _told(layout: Layout, zone: str, number: Number, today: date) -> Mrz:
    where = layout.number_places(zone)
    resolved = _with(zone, where, number.value, number.digit)
    surname, given = _names(layout, resolved)
    proofs: dict[str, Proof] = {"number": number.proof if number.value else "failed"}
    for name, span in (("born", layout.born), ("expires", layout.expires)):
        if span is not None:
            proofs[name] = "proved" if _agrees(resolved, span) else "failed"
    failed = [name for name in CHECKED if proofs.get(name) == "failed"]
    if layout.composite and not _fits(resolved, layout.composite):
        failed.append("composite")
    lines = _named(layout, resolved if number.proof == "proved" else zone, surname, given)
    return Mrz(
        kind=layout.kind,
        number=number.value.strip(FILLER),
        surname=surname,
        given_names=given,
        issuer=_word(layout.issuer.of(zone)),
        nationality=_word(layout.nationality.of(zone))
        if layout.nationality
        else _word(layout.issuer.of(zone)),
        sex=zone[layout.sex] if zone[layout.sex] in "MF" else "X",
        born=_date(layout.born.of(zone), latest=today),
        expires=_date(layout.expires.of(zone), latest=_furthest(today)) if layout.expires else None,
        failed=tuple(failed),
        corrected=number.value != where.of(zone).rstrip(FILLER),
        proofs=proofs,
        lines=_cut(lines, layout.length),
    )


def _shifted(zone: str, where: Equation) -> Number | None:
    """A number that begins with a filler is not where the standard has it: what stands between fillers."""
    if zone[where.message[0]] != FILLER:
        return None
    rest = zone[where.message[0] :].lstrip(FILLER).partition(FILLER)[0]
    return Number(rest[: len(where.message)], zone[where.digit], "unproved")


def _typed(layout: Layout, zone: str) -> str:
    """With letters and digits where only they can be, and padding that is nothing else."""
    row = list(zone)
    for place in layout.letters:
        row[place] = row[place].translate(TO_LETTER)
    for place in layout.digits:
        row[place] = row[place].translate(TO_DIGIT)
    typed = "".join(row)
    if layout.more:
        typed = _mended(typed, layout.more)
    if layout.personal:
        typed = _personal(_mended(typed, layout.personal), layout.personal)
    return typed


def _mended(zone: str, span: Span) -> str:
    return zone[: span.start] + without_stray_letters(span.of(zone)) + zone[span.end :]


def _personal(zone: str, span: Span) -> str:
    """The personal number, whose digit is a filler where there is none, as its digit says it is."""
    digit = zone[span.end].translate(TO_DIGIT)
    read = span.of(zone).rstrip(FILLER)
    if not read or not digit.isdigit():
        return zone
    number = resolve(read, digit, lambda *_: True, "")
    value = number.value if number.proof == "proved" else read
    return zone[: span.start] + value.ljust(span.end - span.start, FILLER) + digit + zone[span.end + 1 :]


def _with(zone: str, where: Equation, number: str, digit: str) -> str:
    """The zone with another number in it."""
    row = list(zone)
    for place, character in zip(where.message, number.ljust(len(where.message), FILLER), strict=True):
        row[place] = character
    row[where.digit] = digit
    return "".join(row)


def _composite_fits(zone: str, where: Equation, composite: Equation, number: str, digit: str) -> bool:
    return _fits(_with(zone, where, number, digit), composite)


def _fits(zone: str, equation: Equation) -> bool:
    return check_digit(equation.of(zone)) == zone[equation.digit]


def _agrees(zone: str, span: Span) -> bool:
    return check_digit(span.of(zone)) == zone[span.end]


def _names(layout: Layout, zone: str) -> tuple[str, str]:
    if layout.given:
        return french_names(layout.names.of(zone), layout.given.of(zone))
    return split_names(layout.names.of(zone))


def _named(layout: Layout, zone: str, surname: str, given: str) -> str:
    """The zone with nothing but padding behind its names."""
    if layout.given:
        return zone  # the names are part of what the composite digit is of
    span = layout.names
    return zone[: span.start] + joined_names(surname, given, span.end - span.start) + zone[span.end :]


def _word(field: str) -> str:
    return field.replace(FILLER, " ").strip()


def _furthest(today: date) -> date:
    return today.replace(year=today.year + VALID_FOR_YEARS, day=1)


def _date(digits: str, latest: date) -> date | None:
    if not digits.isdigit():
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
