"""How a text is written, in figures. Which measures mean something depends on its length and its language.

    any language   richness.py   words, sentence lengths, punctuation
    English        english.py    function words, fillers, contractions, readability, …

A measure that would mean nothing is None, and ``not_meaningful`` says why.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from argusd.scheduler.contract.tasks.texts import Stylometry

from . import english, richness
from .prose import Prose, read_prose
from .risk import assess

_INNER_PUNCTUATION = re.compile(r"[,;:()—–،؛、，；：（）︰﹐՝፣፤፥፦᠂]")


class Measure(NamedTuple):
    """How a measure is computed, and from how many words and sentences on it means something."""

    compute: Callable[[Prose], float | None]
    words: int = 1
    sentences: int = 1
    english: bool = False


def punctuation_rate(prose: Prose) -> float:
    """Punctuation inside sentences per 100 words (Chaski 2005, Int. J. Digital Evidence 4)."""
    return 100 * len(_INNER_PUNCTUATION.findall(prose.text)) / len(prose.words)


MEASURES = {
    "type_token_ratio": Measure(lambda prose: richness.type_token_ratio(prose.words)),
    "mean_word_length": Measure(lambda prose: richness.mean_word_length(prose.words), words=10),
    "hapax_rate": Measure(lambda prose: richness.hapax_rate(prose.words), words=50),
    "mtld": Measure(lambda prose: richness.mtld(prose.words), words=50),
    "yules_k": Measure(lambda prose: richness.yules_k(prose.words), words=100),
    "repeated_ngram_rate": Measure(lambda prose: richness.repeated_ngram_rate(prose.words), words=50),
    "mean_sentence_length": Measure(
        lambda prose: len(prose.words) / len(prose.sentences), words=10, sentences=2
    ),
    "sentence_length_variation": Measure(
        lambda prose: richness.sentence_length_variation(prose.sentences), words=30, sentences=4
    ),
    "punctuation_rate": Measure(punctuation_rate, words=30),
    "function_word_rate": Measure(
        lambda prose: english.function_word_rate(prose.words), words=30, english=True
    ),
    "first_person_rate": Measure(
        lambda prose: english.first_person_rate(prose.words), words=30, english=True
    ),
    "contraction_rate": Measure(lambda prose: english.contraction_rate(prose.words), words=30, english=True),
    "filler_rate": Measure(lambda prose: english.filler_rate(prose.words), words=30, english=True),
    "repair_rate": Measure(lambda prose: english.repair_rate(prose.words), words=30, english=True),
    "excess_vocabulary_rate": Measure(
        lambda prose: english.excess_vocabulary_rate(prose.words), words=30, english=True
    ),
    "reading_ease": Measure(
        lambda prose: english.reading_ease(prose.words, len(prose.sentences)),
        words=50,
        sentences=3,
        english=True,
    ),
}


def analyze_style(text: str) -> Stylometry:
    """Measure ``text``, which has at least one word. Takes about two seconds per megabyte.

    Raises:
        ValueError: there is no word in it.
    """
    prose = read_prose(text)
    if not prose.words:
        raise ValueError("a text without words has no style")
    is_english = prose.english
    measures: dict[str, float | None] = {}
    reasons: dict[str, str] = {}
    for name, measure in MEASURES.items():
        reason = _why_not(measure, prose, is_english)
        value = None if reason else measure.compute(prose)
        measures[name] = None if value is None else round(value, 4)
        if value is None:
            reasons[name] = reason or "no word comes twice"
    return Stylometry(
        words=len(prose.words),
        sentences=len(prose.sentences),
        language="en" if is_english else None,
        measures=measures,
        not_meaningful=reasons,
        risk=assess(text, len(prose.words), measures),
    )


def _why_not(measure: Measure, prose: Prose, is_english: bool) -> str | None:
    if measure.english and not is_english:
        return "English only"
    if len(prose.words) < measure.words:
        return f"needs {measure.words} words"
    if len(prose.sentences) < measure.sentences:
        return f"needs {measure.sentences} sentences"
    return None
