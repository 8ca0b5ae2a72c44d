"""Where the fields of machine-readable zones lie (ICAO Doc 9303, parts 4 to 7, section 4.2.2 of each).

    TD1     3 lines of 30   identity cards                        part 5
    TD2     2 lines of 36   older identity cards                  part 6
    TD3     2 lines of 44   passports                             part 4
    MRV-A   2 lines of 44   visas                                 part 7
    MRV-B   2 lines of 36   smaller visas                         part 7
    FRA     2 lines of 36   French identity cards until 2021, whose layout is their own

Places count through all lines in a row. Whatever has a check digit has it right behind.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

Kind = Literal["TD1", "TD2", "TD3", "MRV-A", "MRV-B", "FRA"]
FILLER = "<"


class Span(NamedTuple):
    """From ``start`` up to ``end``, which is its check digit's place where it has one."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """What stands there."""
        return text[self.start : self.end]

    @property
    def places(self) -> range:
        """All of them."""
        return range(self.start, self.end)


class Equation(NamedTuple):
    """What a check digit is of, and its place."""

    message: tuple[int, ...]
    digit: int

    def of(self, text: str) -> str:
        """The characters that the digit is of."""
        return "".join(text[place] for place in self.message)


class Layout(NamedTuple):
    """One format. ``begins``: a pattern of the first line's beginning; ``kinds``: its first character.

    ``given``: where given names have a place of their own, apart from ``names``. ``more``: where a number of
    more than nine characters goes on. ``personal``: optional data with a check digit. ``composite``: what the
    last check digit is of. ``figures``: characters of the number that are digits in every document.
    """

    kind: Kind
    lines: int
    length: int
    begins: str
    kinds: str
    issuer: Span
    names: Span
    number: Span
    born: Span
    sex: int
    given: Span | None = None
    more: Span | None = None
    expires: Span | None = None
    nationality: Span | None = None
    personal: Span | None = None
    composite: Equation | None = None
    figures: frozenset[int] = frozenset()

    @property
    def padded_line(self) -> int | None:
        """The line that ends in names."""
        line = (self.names.end - 1) // self.length
        return line if self.names.end == (line + 1) * self.length else None

    @property
    def letters(self) -> Iterator[int]:
        """Places that never hold a digit."""
        for span in (self.issuer, self.names, self.given, self.nationality):
            yield from span.places if span else ()

    @property
    def digits(self) -> Iterator[int]:
        """Places that never hold a letter; those in dates may be fillers (part 3, 4.8)."""
        for span in (self.born, self.expires):
            yield from range(span.start, span.end + 1) if span else ()
        yield from (self.number.start + each for each in self.figures)
        if self.composite:
            yield self.composite.digit

    def number_places(self, text: str) -> Equation:
        """Where the number lies in a zone, and its digit.

        A filler in the digit's place means that it goes on in the optional data (part 5, 4.2.2, note j).
        """
        places = (*self.number.places,)
        if self.more is None or text[self.number.end] != FILLER:
            return Equation(places, self.number.end)
        rest = len(self.more.of(text).partition(FILLER)[0])
        if rest == 0:
            return Equation(places, self.number.end)
        digit = self.more.start + rest - 1
        return Equation((*places, *range(self.more.start, digit)), digit)


def _composite(*spans: tuple[int, int], digit: int) -> Equation:
    return Equation(tuple(place for span in spans for place in range(*span)), digit)


def _two_lines(kind: Kind, length: int, begins: str, kinds: str, **further: object) -> Layout:
    """Those whose lines part 4 describes, but for the end of the second one."""
    return Layout(
        kind,
        2,
        length,
        begins,
        kinds,
        issuer=Span(2, 5),
        names=Span(5, length),
        number=Span(length, length + 9),
        nationality=Span(length + 10, length + 13),
        born=Span(length + 13, length + 19),
        sex=length + 20,
        expires=Span(length + 21, length + 27),
        **further,  # type: ignore[arg-type]
    )


LAYOUTS = (
    _two_lines(
        "TD3",
        44,
        "P",
        "P",
        personal=Span(72, 86),
        composite=_composite((44, 54), (57, 64), (65, 87), digit=87),
    ),
    _two_lines("MRV-A", 44, "V", "V"),
    Layout(
        "FRA",
        2,
        36,
        "IDFRA",
        "I",
        issuer=Span(2, 5),
        names=Span(5, 30),
        number=Span(36, 48),
        given=Span(49, 63),
        born=Span(63, 69),
        sex=70,
        composite=_composite((0, 71), digit=71),
        figures=frozenset(range(12)) - {4, 5, 6},  # year, month, …, serial; a department may be 2A
    ),
    _two_lines(
        "TD2",
        36,
        "(?!IDFRA)[IAC]",
        "IAC",
        more=Span(64, 71),
        composite=_composite((36, 46), (49, 56), (57, 71), digit=71),
    ),
    _two_lines("MRV-B", 36, "V", "V"),
    Layout(
        "TD1",
        3,
        30,
        "[IAC]",
        "IAC",
        issuer=Span(2, 5),
        number=Span(5, 14),
        more=Span(15, 30),
        born=Span(30, 36),
        sex=37,
        expires=Span(38, 44),
        nationality=Span(45, 48),
        composite=_composite((5, 30), (30, 37), (38, 45), (48, 59), digit=59),
        names=Span(60, 90),
    ),
)
