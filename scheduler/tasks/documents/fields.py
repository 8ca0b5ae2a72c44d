"""Name, date of birth and number of an identity document, from its text.

Passports and many cards have a machine-readable zone, whose digits can be checked: it is believed first. On
other cards the value stands behind its label, beside it or below it. Indian numbers are known by their form
and, for Aadhaar, by their Verhoeff digit (python-stdnum).
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from stdnum.exceptions import ValidationError
from stdnum.in_ import aadhaar, pan

from ...models.page_layout import Piece, below, right_of, text_lines
from .dates import ReadDate, find_date
from .mrz import Mrz, find_mrz
from .mrz_number import Proof

BELOW = 2.5  # of a label's height
# Cards in two languages print "Nom / Name".
BEGIN = r"^(?:.*/\s*)?"
END = r"(?:\s*\(\w+\))?\s*[:.;_\-]*\s*(?P<value>.*)$"
NAME = rf"{BEGIN}(?:full\s+name|card\s?holder|holder(?:'?s)?\s+name|name){END}"
SURNAME = rf"{BEGIN}(?:surname|last\s+name|family\s+name){END}"
GIVEN = rf"{BEGIN}(?:given\s+names?|first\s+names?|forenames?){END}"
BORN = rf"{BEGIN}(?:date\s+of\s+birth|birth\s*date|d\.?\s?[o0]\.?\s?b|born){END}"
NUMBER = (
    rf"{BEGIN}(?:(?:id|i\.d\.|identity|identification|passport|document|card|national\s+id|personal"
    rf"|driving\s+licen[cs]e|driver'?s?\s+licen[cs]e|licen[cs]e|dl)(?:\s*card)?\s*(?:number|num|no|n[°º]|#)){END}"
)
LABELS = tuple(re.compile(label, re.IGNORECASE) for label in (NAME, SURNAME, GIVEN, BORN, NUMBER))
NAME_LABEL, SURNAME_LABEL, GIVEN_LABEL, BORN_LABEL, NUMBER_LABEL = LABELS
OTHER_LABEL = re.compile(
    r"^(?:sex|gender|nationality|address|place|date|valid|expir|issue|authority|signature)\b", re.IGNORECASE
)
LETTERS = re.compile(r"[^\W\d_](?:[^\W\d_]|[ .'’\-])*")
IDENTIFIER = re.compile(r"[A-Z0-9][A-Z0-9/\- ]{3,24}", re.IGNORECASE)
AADHAAR = re.compile(r"(?<!\d)\d{4} ?\d{4} ?\d{4}(?!\d)")
PAN = re.compile(r"\b[A-Z]{5}\d{4}[A-Z]\b")


class DocumentFields(NamedTuple):
    """What was found, None where nothing was. ``born`` is ISO 8601; ``warnings`` are stable words:

    ``mrz_check_failed:FIELD``, ``mrz_corrected:number`` (see ``Mrz``), ``dob_ambiguous`` (day and month could
    be swapped), ``name_missing``, ``dob_missing``, ``id_no_missing``, ``document_expired``. ``proofs``: of
    ``dob`` and ``id_no``, where they come from a zone (see ``Mrz``).
    """

    name: str | None
    born: str | None
    number: str | None
    warnings: tuple[str, ...]
    proofs: Mapping[str, Proof] = {}


def read_fields(pieces: Sequence[Piece], today: date, zone: Mrz | None = None) -> DocumentFields:
    """The fields of a document; ``today`` decides centuries and expiry.

    ``zone``: its machine-readable zone, where more is known of it than a text.
    """
    lines = [" ".join(piece.text for piece in line) for line in text_lines(pieces)]
    zone = zone or find_mrz(lines, today)
    warnings = [] if zone is None else _zone_warnings(zone, today)
    proofs: dict[str, Proof] = {}
    if zone and not zone.credible:
        zone = None
    name = (zone and zone.name) or _name(pieces)
    number = zone and zone.number
    if zone and number:
        proofs["id_no"] = zone.proofs["number"]
    else:
        number = _number(pieces, lines)
    born = zone.born if zone and zone.proofs["born"] == "proved" else None
    if born:
        proofs["dob"] = "proved"
    elif read := _born(pieces):
        born = read.value
        warnings += ["dob_ambiguous"] * read.ambiguous
    missing = {"name_missing": name, "dob_missing": born, "id_no_missing": number}
    warnings += [word for word, value in missing.items() if not value]
    return DocumentFields(
        name or None, born.isoformat() if born else None, number or None, tuple(warnings), proofs
    )


def zone_doubts(zone: Mrz) -> list[str]:
    """What of a zone is not as it should be, as warnings."""
    told = [f"mrz_check_failed:{field}" for field in zone.failed]
    return told + ["mrz_corrected:number"] * zone.corrected


def _zone_warnings(zone: Mrz, today: date) -> list[str]:
    expired = zone.expires is not None and zone.expires < today
    return zone_doubts(zone) + ["document_expired"] * expired


def _name(pieces: Sequence[Piece]) -> str | None:
    given, surname = _letters(GIVEN_LABEL, pieces), _letters(SURNAME_LABEL, pieces)
    if given or surname:
        return " ".join(part for part in (given, surname) if part)
    return _letters(NAME_LABEL, pieces)


def _letters(label: re.Pattern[str], pieces: Sequence[Piece]) -> str | None:
    found = LETTERS.search(_value(label, pieces) or "")
    return found[0].strip(" .-") or None if found else None


def _born(pieces: Sequence[Piece]) -> ReadDate | None:
    return find_date(_value(BORN_LABEL, pieces) or "")


def _number(pieces: Sequence[Piece], lines: Sequence[str]) -> str | None:
    found = IDENTIFIER.match(_value(NUMBER_LABEL, pieces) or "")
    if found and any(character.isdigit() for character in found[0]):
        return found[0].strip().upper()
    return _indian_number("\n".join(lines))


def _indian_number(text: str) -> str | None:
    for number in AADHAAR.findall(text):
        if aadhaar.is_valid(number):
            return str(aadhaar.compact(number))
    for number in PAN.findall(text):
        try:
            return str(pan.validate(number))
        except ValidationError:
            continue
    return None


def _value(label: re.Pattern[str], pieces: Sequence[Piece]) -> str | None:
    """What belongs to a label: the rest of its own piece, the piece beside it, or the one below."""
    for piece in pieces:
        found = label.match(piece.text.strip())
        if not found:
            continue
        if found["value"]:
            return found["value"]
        for other in (right_of(piece, pieces), below(piece, pieces, BELOW)):
            if other and not _is_label(other.text):
                return other.text.strip()
    return None


def _is_label(text: str) -> bool:
    return any(label.match(text.strip()) for label in (*LABELS, OTHER_LABEL))
