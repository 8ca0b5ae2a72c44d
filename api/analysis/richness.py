"""How varied a text is. Measures that need nothing but words and sentence lengths, so any language goes."""

from collections import Counter
from collections.abc import Sequence
from statistics import mean, pstdev

FACTOR = 0.72  # the type-token ratio at which a factor is full (McCarthy and Jarvis 2010)
NGRAM = 4


def type_token_ratio(words: Sequence[str]) -> float:
    """Different words among all words. Falls with length: compare texts of equal length only."""
    return len(set(words)) / len(words)


def hapax_rate(words: Sequence[str]) -> float:
    """Words that occur once, among all words (Baayen 2001, Word Frequency Distributions)."""
    return sum(count == 1 for count in Counter(words).values()) / len(words)


def yules_k(words: Sequence[str]) -> float:
    """Yule's characteristic K (Yule 1944): 10⁴ (Σ i² V(i) - N) / N², V(i) words occurring i times among N.

    About 100 in English prose, lower in a varied vocabulary; nearly independent of length (Tweedie and
    Baayen 1998).
    """
    squares = sum(count * count for count in Counter(words).values())
    return 10_000 * (squares - len(words)) / len(words) ** 2


def mtld(words: Sequence[str]) -> float | None:
    """Measure of textual lexical diversity (McCarthy and Jarvis 2010, Behavior Research Methods 42).

    The mean length of stretches in which the type-token ratio stays above 0.72, read
    forwards and backwards. None where no word comes twice: the measure has no value there.
    """
    ahead, back = _factors(words), _factors(words[::-1])
    if not ahead or not back:
        return None
    return (len(words) / ahead + len(words) / back) / 2


def _factors(words: Sequence[str]) -> float:
    full, types, tokens = 0, set[str](), 0
    for word in words:
        types.add(word)
        tokens += 1
        if len(types) / tokens <= FACTOR:
            full, types, tokens = full + 1, set(), 0
    rest = (1 - len(types) / tokens) / (1 - FACTOR) if tokens else 0.0
    return full + rest


def mean_word_length(words: Sequence[str]) -> float:
    """Characters per word (Mendenhall 1887, Science 9)."""
    return mean(map(len, words))


def sentence_length_variation(sentences: Sequence[int]) -> float:
    """Standard deviation over mean of sentence lengths, popularly "burstiness": low is even (Yule 1939)."""
    return pstdev(sentences) / mean(sentences)


def repeated_ngram_rate(words: Sequence[str]) -> float:
    """The share of four-word sequences that occur more than once: set phrases and loops."""
    grams = Counter(zip(*(words[start:] for start in range(NGRAM)), strict=False))
    return sum(count for count in grams.values() if count > 1) / grams.total()
