"""What a text says, apart from how its characters look: for lists of words, never for showing.

    full-width, mathematical, circled letters     normalisation form KC (UAX #15)
    zero-width characters, soft hyphens           left out, as everything that shows nothing
    marks on Latin letters                        loose ones left out; in ``unmasked``, all
    letters of other scripts that look Latin      made Latin (UTS #39, confusables.txt)
    l e t t e r s apart, digits for letters       put together, made letters; in ``spelt``

Words of other scripts stay what they are in ``folded``: letters are made Latin only in a word that has Latin
ones as well, or in a text that is mostly Latin.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from importlib.resources import files

# What shows nothing (UAX #44, Default_Ignorable_Code_Point).
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
LOOSE_MARKS = re.compile(r"(?<=[a-z])[\u0300-\u036f\u0488\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0]+")
ACCENTS = re.compile(r"[\u0300-\u036f]")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LATIN = re.compile(r"[a-z\u00df-\u024f]")
LETTER = re.compile(r"[^\W\d_]")
WORD = re.compile(r"\w+")
APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u02bc\u02b9\u00b4\u0060\u2032", "'"))
SPELLED_OUT = re.compile(r"(?<![^\W_])[^\W_](?:[ .\-_*·•|/]{1,3}[^\W_]){2,}(?![^\W_])")
NO_LETTER = re.compile(r"[\W_]")
WORDS_OF_A_LETTER = ("i", "a")  # that stand before a word spelled out, and are none of it
THREE_ALIKE = re.compile(r"([^\W\d_])\1{2,}")
MIXED_WORD = re.compile(r"[\w@$!]+")
IN_PLACE_OF_LETTERS = str.maketrans("013457@$!", "oieastasi")


def folded(text: str) -> str:
    """``text`` in small letters without what only disguises them; genuine accents and scripts stay."""
    plain = _plain(text)
    if plain.isascii():
        return plain
    letters = LETTER.findall(plain)
    mostly_latin = 2 * sum(LATIN.match(letter) is not None for letter in letters) > len(letters)
    return WORD.sub(lambda word: _latin(word[0], among_latin=mostly_latin), plain)


class Unmasked(str):
    """What ``unmasked`` made: a text that several lists are asked about is unmasked once."""

    __slots__ = ()


def unmasked(text: str) -> Unmasked:
    """``text`` with Latin letters, without accents, in the place of all that look like them.

    Genuine words of other scripts become unreadable, but no English ones.
    """
    if isinstance(text, Unmasked):
        return text
    plain = _plain(text)
    if plain.isascii():
        return Unmasked(plain)
    bare = unicodedata.normalize("NFC", ACCENTS.sub("", unicodedata.normalize("NFD", plain)))
    return Unmasked(WORD.sub(lambda word: _latin(word[0], among_latin=True), bare))


def spelt(text: str) -> str:
    """The same with words put together that were spelled out, and spelt as they are pronounced."""
    together = SPELLED_OUT.sub(lambda run: _joined(run[0]), unmasked(text))
    return THREE_ALIKE.sub(r"\1", MIXED_WORD.sub(lambda word: _in_letters(word[0]), together))


def _look_alikes() -> Iterator[tuple[str, str]]:
    """Small letters of other scripts, each with the Latin one that it or its capital is confusable with."""
    # The package's own module would keep all of this, 16 MB, for as long as the process lives.
    confusables = json.loads(files("confusable_homoglyphs").joinpath("confusables.json").read_bytes())
    alike = {other["c"]: letter for letter in LETTERS for other in confusables.get(letter, ())}
    for character, letter in alike.items():
        small = character.lower()
        if len(small) == 1 and not small.isascii() and small.isalpha():
            yield small, alike.get(small, letter).lower()


LOOK_ALIKES = str.maketrans(dict(_look_alikes()))


def _plain(text: str) -> str:
    """In small letters of normalisation form KC, and without what shows nothing."""
    seen = INVISIBLE.sub("", unicodedata.normalize("NFKC", INVISIBLE.sub("", text)))
    return LOOSE_MARKS.sub("", seen.lower().translate(APOSTROPHES))


def _latin(word: str, *, among_latin: bool) -> str:
    if word.isascii():
        return word
    made = word.translate(LOOK_ALIKES)
    return made if made.isascii() and (among_latin or LATIN.search(word)) else word


def _joined(run: str) -> str:
    word = NO_LETTER.sub("", run)
    return f"{word[0]} {word[1:]}" if word.startswith(WORDS_OF_A_LETTER) else word


def _in_letters(word: str) -> str:
    """``sh1t`` and ``@ss`` with letters throughout; numbers stay."""
    stem = word.rstrip("!")
    return stem.translate(IN_PLACE_OF_LETTERS) + word[len(stem) :] if LETTER.search(stem) else word
