"""The number of a document, whose characters OCR may have confused, against what its check digits say.

A check digit is one equation modulo 10, and a weak one: 6 and G count the same, so do two zeros read as two
letters O. So a number is proved only where no other reading of it that is as plausible fits as well, or
where the same number is printed elsewhere on the page; it is changed only where its own digit and the
composite one, or the print, say the same. Otherwise it stays as it was read.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import combinations, pairwise
from typing import Literal, NamedTuple

from .mrz_layouts import FILLER

Proof = Literal["proved", "unproved", "failed"]
Fits = Callable[[str, str], bool]

WEIGHTS = (7, 3, 1)
LIKE_DIGITS = dict(zip("OIZSGB", "012568", strict=True))
LIKE_LETTERS = {digit: letter for letter, digit in LIKE_DIGITS.items()}
MOST_CHANGES = 2  # single characters, where letters and digits are mixed in any way
LONG = 9  # characters; of a longer number only the simplest mixtures are tried
SIMPLE = 3
SHORTEST_PRINT = 5  # characters of a number that is not on a page by chance


class Number(NamedTuple):
    """``value`` without padding. ``digit``: as it should be read."""

    value: str
    digit: str
    proof: Proof


def check_digit(text: str) -> str:
    """Weights 7, 3, 1 modulo 10; letters count from 10, fillers 0 (part 3, section 4.9)."""
    values = (0 if character == FILLER else int(character, 36) for character in text)
    return str(sum(value * WEIGHTS[place % 3] for place, value in enumerate(values)) % 10)


def resolve(
    read: str, digit: str, composite: Fits | None, printed: str, figures: Collection[int] = ()
) -> Number:
    """What the number is, read as ``read`` with ``digit`` behind.

    ``composite`` says whether the composite digit agrees with a number and its digit; None: there is none.
    ``printed``: letters and digits of the rest of the page. ``figures``: characters that must be digits.
    """
    value = read.rstrip(FILLER)

    def fits(number: str) -> bool:
        return check_digit(number) == digit and all(number[at : at + 1].isdigit() for at in figures)

    if check_digit(value) == digit:
        return _of_several(value, digit, [*filter(fits, plausible(value))] or [value], printed)
    fitting = [*filter(fits, {*plausible(value), *changed(value)})]
    if found := _only_printed(fitting, printed):
        return Number(found, digit, "proved")
    if composite is None:
        return Number(value, digit, "failed")
    both = [each for each in fitting if composite(each, digit)]
    wrong_digit = composite(value, check_digit(value))
    wrong_character = bool(both) or composite(_made_to_fit(value, digit), digit)
    if wrong_digit and not wrong_character:
        return Number(value, check_digit(value), "proved")
    if len(both) == 1 and not wrong_digit:
        return Number(both[0], digit, "proved")
    if not wrong_digit and (simplest := _simplest(value, both)):
        return Number(simplest, digit, "unproved")
    return Number(value, digit, "failed")


def plausible(read: str) -> set[str]:
    """Readings in which letters and digits change no oftener than in ``read``, or once, itself included."""
    most = max(1, mixture(read))
    if len(read) > LONG:
        most = min(most, SIMPLE)
    patterns = (
        cuts for count in range(most + 1) for cuts in combinations(range(1, max(1, len(read))), count)
    )
    readings = (_of_pattern(read, cuts, letters) for cuts in patterns for letters in (True, False))
    return {read, *(reading for reading in readings if reading is not None)}


def changed(read: str) -> Iterator[str]:
    """Readings with a few characters taken for those that look like them."""
    places = [at for at, character in enumerate(read) if _twin(character) != character]
    for count in range(MOST_CHANGES + 1):
        for chosen in combinations(places, count):
            yield "".join(_twin(each) if at in chosen else each for at, each in enumerate(read))


def mixture(number: str) -> int:
    """How often letters and digits change in it."""
    kinds = [character.isdigit() for character in number if character != FILLER]
    return sum(one != other for one, other in pairwise(kinds))


def _simplest(read: str, numbers: Sequence[str]) -> str | None:
    """The one that mixes letters and digits least, and of those the one that was changed least.

    Letters before digits are as usual as digits alone.
    """
    simplicity = {each: (max(1, mixture(each)), sum(map(str.__ne__, read, each))) for each in numbers}
    best = min(simplicity.values(), default=None)
    simplest = [each for each, rank in simplicity.items() if rank == best]
    return simplest[0] if len(simplest) == 1 else None


def _of_several(value: str, digit: str, fitting: list[str], printed: str) -> Number:
    if len(fitting) == 1 or _only_printed(fitting, printed) == value:
        return Number(value, digit, "proved")
    return Number(_only_printed(fitting, printed) or value, digit, "unproved")


def _only_printed(numbers: list[str], printed: str) -> str | None:
    found = [each for each in numbers if len(each) >= SHORTEST_PRINT and each in printed]
    return found[0] if len(found) == 1 else None


def _of_pattern(read: str, cuts: tuple[int, ...], letters: bool) -> str | None:
    """Read as letters and digits in turn, changing at the ``cuts``; None where a character is neither's."""
    made = []
    for at, character in enumerate(read):
        letter = letters ^ (sum(cut <= at for cut in cuts) % 2 == 1)
        if character != FILLER and character.isdigit() == letter:
            twin = _twin(character)
            if twin == character:
                return None
            character = twin
        made.append(character)
    return "".join(made)


def _twin(character: str) -> str:
    return LIKE_DIGITS.get(character) or LIKE_LETTERS.get(character, character)


def _made_to_fit(value: str, digit: str) -> str:
    """With the first character changed so that the digit agrees, for what other equations say then."""
    return next((made for first in "0123456789" if check_digit(made := first + value[1:]) == digit), value)
