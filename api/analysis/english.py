"""What is counted in English texts only: function words, fillers, contractions, syllables.

Rates are per 100 words.
"""

import re
from collections.abc import Sequence
from itertools import pairwise


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


# The closed classes: articles, pronouns, prepositions, conjunctions, auxiliaries, common adverbs.
FUNCTION_WORDS = _listed(
    """
    a an the this that these those some any no every each either neither both all such other another same
    i me my mine myself you your yours yourself he him his himself she her hers herself it its itself
    we us our ours ourselves they them their theirs themselves who whom whose which what
    about above across after against along among around at before behind below beneath beside between beyond
    by down during except for from in inside into near of off on onto out over since than through throughout
    to toward towards under until up upon with within without
    and but or nor so yet because although though if unless whereas while as whether when where why how
    am is are was were be been being have has had having do does did doing done
    can could may might must shall should will would ought
    not only just very too also then there here now again ever never always more most less least much many
    few own quite rather
    i'm it's that's there's what's don't doesn't didn't can't couldn't won't wouldn't isn't aren't wasn't
    i've i'd i'll we've we're we'll you're you've they're he's she's
    """
)
FIRST_PERSON = _listed("i me my mine myself we us our ours ourselves i'm i've i'd i'll we've we're we'd")
_HESITATIONS = _listed("um uh er erm uhm umm uhh hmm mm mhm ah eh")
_FILLER_PAIRS = frozenset({("you", "know"), ("i", "mean"), ("kind", "of"), ("sort", "of")})
# Repeated on purpose, not by slip.
_DOUBLED = frozenset({"that", "had", "very", "really", "so", "no", "yes", "bye"})
_CONTRACTION = re.compile(
    r".+(?:n't|'(?:re|ve|ll|d|m))$|(?:it|that|what|who|there|here|how|where|he|she|let)'s$"
)
# Words that became conspicuously more frequent with the spread of language models.
_EXCESS = re.compile(
    r"delv(?:e|es|ed|ing)|showcas(?:e|es|ed|ing)|underscor(?:e|es|ed|ing)|intricate(?:ly)?|intricacies|pivotal"
    r"|crucial(?:ly)?|comprehensive(?:ly)?|meticulous(?:ly)?|realms?|notably|additionally|furthermore|moreover"
    r"|multifaceted|leverag(?:e|es|ed|ing)|foster(?:s|ed|ing)?|seamless(?:ly)?|robust|holistic|nuanced|tapestry"
)
_VOWELS = re.compile(r"[aeiouy]+")


def function_word_rate(words: Sequence[str]) -> float:
    """Function words, the classic marker of a hand (Mosteller and Wallace 1964; Burrows 1987)."""
    return _per_hundred(sum(word in FUNCTION_WORDS for word in words), words)


def first_person_rate(words: Sequence[str]) -> float:
    """I and we: frequent in involved, spoken language (Biber 1988, Variation across Speech and Writing)."""
    return _per_hundred(sum(word in FIRST_PERSON for word in words), words)


def contraction_rate(words: Sequence[str]) -> float:
    """Contractions like "don't": rare in what was written to be read (Biber 1988)."""
    return _per_hundred(sum(_CONTRACTION.match(word) is not None for word in words), words)


def filler_rate(words: Sequence[str]) -> float:
    """Hesitations and fillers, "um" and "you know" (Clark and Fox Tree 2002, Cognition 84)."""
    single = sum(word in _HESITATIONS for word in words)
    pairs = sum(pair in _FILLER_PAIRS for pair in pairwise(words))
    return _per_hundred(single + pairs, words)


def repair_rate(words: Sequence[str]) -> float:
    """Words said twice in a row, the simplest disfluency (Shriberg 1994, PhD thesis, Berkeley)."""
    twice = sum(a == b and a not in _DOUBLED for a, b in pairwise(words))
    return _per_hundred(twice, words)


def excess_vocabulary_rate(words: Sequence[str]) -> float:
    """Words that language models overuse (Kobak et al. 2025, Science Advances 11, eadt3813)."""
    return _per_hundred(sum(_EXCESS.fullmatch(word) is not None for word in words), words)


def reading_ease(words: Sequence[str], sentences: int) -> float:
    """Flesch reading ease (Flesch 1948, J. Applied Psychology 32): 100 is very easy, below 30 very hard."""
    syllables = sum(map(count_syllables, words))
    return 206.835 - 1.015 * len(words) / sentences - 84.6 * syllables / len(words)


def count_syllables(word: str) -> int:
    """Syllables by vowel groups, a final silent e left out; right for about nine words in ten."""
    groups = len(_VOWELS.findall(word))
    if word.endswith("e") and not word.endswith(("le", "ee")) and groups > 1:
        groups -= 1
    return max(1, groups)


def _per_hundred(count: int, words: Sequence[str]) -> float:
    return 100 * count / len(words)
