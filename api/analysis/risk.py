"""From style to a risk: how much an answer resembles prepared text rather than spontaneous speech.

Each sign rises from 0 to 1 between two values of its measure; the score is the weighted mean of the signs
that could be measured, times the evidence. Evidence is 1 for English texts of ``FULL_EVIDENCE`` words or
more; it shrinks with the text, and with the weight of the signs that had no meaning. Weights and ranges are
judgement, set so that talk scores low and edited prose high; they are not trained. No sign decides alone: a
transcript without fillers may just come from a recogniser that drops them. A phrase that only a language
model says about itself sets the score to ``MARKED`` at least.

The score tells a person where to look. It proves nothing.
"""

from collections.abc import Mapping
from typing import NamedTuple

from argusd.scheduler.contract.tasks.texts import Risk

from .markers import speaks_as_model

FULL_EVIDENCE = 100  # words
MARKED = 0.9


class Sign(NamedTuple):
    """A measure's part in the risk: none at ``calm``, full at ``striking``."""

    weight: float
    calm: float
    striking: float
    meaning: str


SIGNS = {
    "excess_vocabulary_rate": Sign(0.25, 0.2, 2.0, "words that language models overuse"),
    "sentence_length_variation": Sign(0.20, 0.7, 0.25, "sentences of even length"),
    "filler_rate": Sign(0.20, 2.0, 0.0, "hardly a filler"),
    "reading_ease": Sign(0.15, 70.0, 30.0, "long words in long sentences"),
    "contraction_rate": Sign(0.10, 2.5, 0.0, "hardly a contraction"),
    "first_person_rate": Sign(0.10, 5.0, 0.5, "hardly a first person"),
}
STRONG = 0.7


def assess(text: str, words: int, measures: Mapping[str, float | None]) -> Risk:
    """The risk of a text of that many words with those measures; None is a measure without meaning."""
    signs = {
        name: round(strength(sign, value), 3)
        for name, sign in SIGNS.items()
        if (value := measures.get(name)) is not None
    }
    measured = sum(SIGNS[name].weight for name in signs)
    weighted = sum(SIGNS[name].weight * value for name, value in signs.items())
    # The weights add up to 1, so the mean of the measured signs times their share is the weighted sum.
    enough = min(1.0, words / FULL_EVIDENCE)
    marked = speaks_as_model(text)
    score = max(weighted * enough, MARKED if marked else 0.0)
    return Risk(
        score=round(score, 3), evidence=round(measured * enough, 3), signs=signs, speaks_as_model=marked
    )


def strength(sign: Sign, value: float) -> float:
    """How far ``value`` lies on the way from calm to striking, in 0..1."""
    return min(1.0, max(0.0, (value - sign.calm) / (sign.striking - sign.calm)))


def explain(risk: Risk) -> str:
    """The strong signs in a sentence."""
    if risk.speaks_as_model:
        return "The text speaks of itself as a language model does."
    strong = [SIGNS[name].meaning for name, value in risk.signs.items() if value >= STRONG]
    style = f"Style: {', '.join(strong)}." if strong else "Nothing in the style stands out."
    return style if risk.evidence >= STRONG else f"{style} There is too little to judge by."
