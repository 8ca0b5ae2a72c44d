"""Lines of a machine-readable zone as OCR reads them: lost fillers, and letters where fillers are printed."""

import re

from .mrz_layouts import FILLER

LOST = 4  # characters by which a line may be shorter or longer than it should be
LOST_PADDING = 24  # the same for a line that ends in padding
# What else is read where ‹ is printed. Letters are another matter: they may be what they seem.
FILLER_SIGNS = str.maketrans(dict.fromkeys("‹‹(⟨{[~_=≤€£¢-–—", FILLER) | {"«": FILLER * 2})
LIKE_FILLERS = "KCLESXG"
NO_VOWELS = "KCLSXG"
RUN_TO_THE_END = re.compile(rf"<*(?:([{LIKE_FILLERS}])\1{{2,}}|[{NO_VOWELS}]{{5,}})<*$")
AMONG_FILLERS = re.compile(rf"(?<=<)[{LIKE_FILLERS}](?=<|$)")
PADDING = re.compile(rf"([{LIKE_FILLERS}])\1+|[{NO_VOWELS}]{{3,}}")
FRENCH_PADDING = re.compile("<{3,}")


def characters(line: str) -> str:
    """In capitals, of A to Z, digits, fillers and spaces alone."""
    return re.sub(r"[^A-Z0-9< ]", "", line.strip().upper().translate(FILLER_SIGNS))


def fitted(row: str, length: int, *, padded: bool) -> str | None:
    """Of this length: a space is nothing or was a filler, and fillers are added or taken where most of them
    are. None for a line that is too short or too long. ``padded``: it ends in names and their padding."""
    joined, spaced = row.replace(" ", ""), row.replace(" ", FILLER)
    for whole in (joined, spaced):
        if len(whole) == length:
            return whole
    off = length - len(joined)
    if padded and FILLER * 2 in joined:
        names = joined.rstrip(FILLER)
        return names.ljust(length, FILLER) if abs(off) <= LOST_PADDING and len(names) <= length else None
    runs = [*re.finditer("<+", joined)]
    if abs(off) > LOST or not runs:
        return None
    longest = max(runs, key=lambda run: run.end() - run.start())
    fillers = longest.end() - longest.start() + off
    if fillers <= 0:
        return None
    return joined[: longest.start()] + FILLER * fillers + joined[longest.end() :]


def without_stray_letters(data: str) -> str:
    """Padded data, in which a letter among fillers was one itself."""
    whole = RUN_TO_THE_END.sub(lambda run: FILLER * len(run[0]), data)
    return AMONG_FILLERS.sub(FILLER, AMONG_FILLERS.sub(FILLER, whole))


def split_names(field: str) -> tuple[str, str]:
    """Surname and given names, words apart by spaces.

    There is one ``<<`` between them, and padding after them, so what comes behind another ``<<`` is none of
    them (part 3, 4.6). Where letters stand in the padding, those that stand before it may be fillers as well.
    """
    surname, _, rest = RUN_TO_THE_END.sub("", field).partition(FILLER * 2)
    given, _, padding = rest.partition(FILLER * 2)
    return _words(surname), _words(given, doubtful=bool(padding.strip(FILLER)))


def french_names(surname: str, given: str) -> tuple[str, str]:
    """The same where each has its place; given names are one or two fillers apart."""
    names = FRENCH_PADDING.split(RUN_TO_THE_END.sub("", given))[0]
    return _words(FRENCH_PADDING.split(RUN_TO_THE_END.sub("", surname))[0]), _words(names)


def joined_names(surname: str, given: str, length: int) -> str:
    """Both as a zone prints them."""
    both = f"{surname}{FILLER * 2}{given}" if given else surname
    return both.replace(" ", FILLER).ljust(length, FILLER)[:length]


def _words(names: str, *, doubtful: bool = False) -> str:
    """Without what is padding at their end; a single letter is an initial unless it is ``doubtful``."""
    words = [word for word in names.split(FILLER) if word]
    while len(words) > 1 and (PADDING.fullmatch(words[-1]) or (doubtful and words[-1] in LIKE_FILLERS)):
        words.pop()
    return " ".join(words)
