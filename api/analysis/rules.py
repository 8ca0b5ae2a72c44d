"""What can be said about a text without a language model: few things, each certain enough to warn about.

Words carry no context, so none of these ever blocks. The obscenities are a short list of our own: the
published lists and libraries count "gay", "god" and "organ" among them, or rest on a pickled classifier.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from .folding import spelt, unmasked
from .markers import orders_a_model, speaks_as_model

_OBSCENE = re.compile(
    r"\b(?:(?:mother)?fuck\w*|(?:bull|horse)?shit(?:s|ty|head)?|bitch(?:es|y)?|assholes?|cunts?|bastards?"
    r"|wank(?:er|ers|ing)|dickheads?|piss(?:ed)? off)\b",
    re.IGNORECASE,
)
_CARD = re.compile(r"(?<![\w-])\d(?:[ -]?\d){12,18}(?![\w-])")
_EMAIL = re.compile(r"[\w.+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}\b", re.IGNORECASE)


class Match(NamedTuple):
    """What a rule noticed, and how sure it can be."""

    category: str
    confidence: float
    reasoning: str


def match_rules(text: str) -> Match | None:
    """The first rule that ``text`` meets, the surest first; None if it meets none."""
    plain = unmasked(text)
    return next((match for holds, match in _RULES if holds(plain)), None)


def holds_card_number(text: str) -> bool:
    """Whether a payment card's number stands in ``text``: 13 to 19 digits that pass ISO/IEC 7812's check."""
    return any(passes_luhn(re.sub(r"\D", "", found)) for found in _CARD.findall(unmasked(text)))


def passes_luhn(digits: str) -> bool:
    """The check digit of ISO/IEC 7812-1, annex B. A row of one and the same digit does not count."""
    doubled = [2 * int(digit) for digit in digits[-2::-2]]
    total = sum(map(int, digits[-1::-2])) + sum(value // 10 + value % 10 for value in doubled)
    return total % 10 == 0 and len(set(digits)) > 1


def _holds_email(text: str) -> bool:
    return _EMAIL.search(unmasked(text)) is not None


def _holds_obscenity(text: str) -> bool:
    return _OBSCENE.search(spelt(text)) is not None


_RULES: tuple[tuple[Callable[[str], bool], Match], ...] = (
    (orders_a_model, Match("prompt_injection", 0.9, "The text gives orders to a language model.")),
    (speaks_as_model, Match("ai_generated", 0.9, "The text speaks of itself as a language model does.")),
    (holds_card_number, Match("personal_data", 0.95, "The text holds a payment card's number.")),
    (_holds_obscenity, Match("profanity", 0.9, "The text holds an obscene word.")),
    (_holds_email, Match("personal_data", 0.8, "The text holds an e-mail address.")),
)
