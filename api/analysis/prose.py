"""A text as words and sentences, in any script."""

import re
from typing import NamedTuple

from .english import FUNCTION_WORDS

# A word is a run of anything but white space, punctuation and symbols: a class of letters would not do,
# because Python's \w leaves out the vowel signs of Indic scripts.
_WORD = re.compile(
    r"[^\s!-&(-,./:-@\[-`{-~\u00a1-\u00bf×÷\u2010-\u2027\u2030-\u205e\u0964\u0965\u3000-\u3020\uff01-\uff0f\uff1a-\uff20]+"
)
# Scripts that are written without spaces: there, every character counts as a word.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u9fff]")
# The lookbehind lets a run of marks be tried once, not once a mark: 200,000 dots take no longer than words.
_SENTENCE_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’)\]]*(?=\s|$)|[।॥。！？]+|\n\s*\n")
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
    """The words of ``text`` in lower case, with the apostrophes and hyphens inside them."""
    words: list[str] = []
    for run in _WORD.findall(text.lower().replace("\u2019", "'")):
        if _UNSPACED.search(run):
            words.extend(_UNSPACED.findall(run))
        elif word := run.strip("'-"):
            words.append(word)
    return words
