"""A text as words and sentences, in any script."""

import re
import unicodedata
from typing import NamedTuple

from .english import FUNCTION_WORDS
from .folding import folded

# Python's \w leaves out marks, such as the vowel signs of Indic scripts.
_MARKS = "".join(
    character for character in map(chr, range(0x300, 0x1F000)) if unicodedata.category(character)[0] == "M"
)
_WORD = re.compile(rf"(?:[^\W_]|[{_MARKS}'-])+")
# Scripts that are written without spaces: there, every character counts as a word, with its marks.
_UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff"
    r"\U00020000-\U0003ffff"
)
_PIECE = re.compile(rf"(?![{_MARKS}])[{_UNSPACED}][{_MARKS}]*|[^{_UNSPACED}]+")
_PIECE_OF_ONE = re.compile(f"[{_UNSPACED}]")
_IN_WORD = re.compile(rf"[^\W_]|[{_MARKS}'\u2019\u00ad\u200b-\u200d-]")
# What ends sentences whatever follows (UAX #44, Sentence_Terminal, without those that Latin texts have).
_TERMINALS = (
    "\u0589\u061d-\u061f\u06d4\u0700-\u0702\u07f9\u0837\u0839\u083d\u083e\u0964\u0965\u104a\u104b\u1362\u1367\u1368"
    "\u166e\u1735\u1736\u17d4\u17d5\u1803\u1809\u1944\u1945\u1aa8-\u1aab\u1b5a\u1b5b\u1b5e\u1b5f\u1c3b\u1c3c\u1c7e\u1c7f"
    "\u3002\ua4ff\ua60e\ua60f\ua6f3\ua6f7\ua876\ua877\ua8ce\ua8cf\ua92f\ua9c8\ua9c9\uaa5d-\uaa5f\uaaf0\uaaf1\uabeb"
    "\uff01\uff0e\uff1f\uff61"
)
_LATIN_TERMINALS = ".!?…‼‽⁇⁈⁉"
# The lookbehind lets a run of marks be tried once, not once a mark: 200,000 dots take no longer than words.
_SENTENCE_END = re.compile(
    rf"(?<![{_LATIN_TERMINALS}])[{_LATIN_TERMINALS}]++[\"'”’»)\]]*(?=\s|$)"
    rf"|[{_TERMINALS}]++(?!\d)"
    r"|(?<=[\u0370-\u03ff\u1f00-\u1fff])[;\u037e](?=\s|$)"  # the Greek question mark
    r"|\n\s*\n"
)
# English prose has a share of 0.4 to 0.55, other languages in Latin letters stay below 0.15.
_ENGLISH_SHARE = 0.25


class Prose(NamedTuple):
    """A text taken apart. ``words`` in lower case; ``sentences`` holds the number of words of each."""

    text: str
    words: tuple[str, ...]
    sentences: tuple[int, ...]

    @property
    def english(self) -> bool:
        """Whether it is English, told by its share of function words (Grefenstette 1995, JADT)."""
        known = sum(word in FUNCTION_WORDS for word in self.words)
        return known > _ENGLISH_SHARE * len(self.words)


def read_prose(text: str) -> Prose:
    """Take ``text`` apart. An abbreviation's full stop counts as a sentence's end."""
    sentences = [split_words(part) for part in _SENTENCE_END.split(text)]
    words = tuple(word for sentence in sentences for word in sentence)
    return Prose(text, words, tuple(len(sentence) for sentence in sentences if sentence))


def split_words(text: str) -> list[str]:
    """The words of ``text`` in small letters, ``folded``, with the apostrophes and hyphens inside them."""
    runs = (run.strip("'-") for run in _WORD.findall(folded(text)))
    pieces = (piece.strip("'-") for run in runs for piece in _PIECE.findall(run))
    return [piece for piece in pieces if any(character.isalnum() for character in piece)]


def without_last_word(text: str) -> str:
    """``text`` up to the word at its very end, which may be going on; none is where words need no spaces."""
    end = len(text)
    while end and _IN_WORD.match(text, end - 1):
        end -= 1
    return text if _PIECE_OF_ONE.search(text, end) else text[:end]
