from collections.abc import Callable, Sequence

import pytest

from argusd.api.analysis import english
from argusd.api.analysis.prose import split_words


def test_flesch_reading_ease_by_hand() -> None:
    # Six words, six syllables, one sentence: 206.835 - 1.015 · 6 - 84.6 · 1.
    assert english.reading_ease(split_words("The cat sat on the mat."), 1) == pytest.approx(116.145)


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        ("the", 1),
        ("cake", 1),
        ("table", 2),
        ("coffee", 2),
        ("understanding", 4),
        ("rhythm", 1),
        ("hmm", 1),
        ("idea", 2),  # three, said aloud: adjoining vowels count as one
    ],
)
def test_syllables_are_groups_of_vowels(word: str, syllables: int) -> None:
    assert english.count_syllables(word) == syllables


@pytest.mark.parametrize(
    ("rate", "text", "per_hundred"),
    [
        (english.function_word_rate, "the manager of our department resigned yesterday again", 50.0),
        (english.first_person_rate, "I'm sure we told them", 40.0),
        (english.contraction_rate, "it's Ann's and they don't mind", 100 / 3),
        (english.filler_rate, "um you know it was uh fine", 300 / 7),
        (english.filler_rate, "the kind man and sort things", 0.0),
        (english.repair_rate, "I I think the the dog", 100 / 3),
        (english.repair_rate, "he said that that was very very good", 0.0),
        (english.excess_vocabulary_rate, "Moreover it underscores robust plans", 60.0),
        (english.excess_vocabulary_rate, "the robustness of realmish things", 0.0),
    ],
)
def test_rates_per_hundred_words(
    rate: Callable[[Sequence[str]], float], text: str, per_hundred: float
) -> None:
    assert rate(split_words(text)) == pytest.approx(per_hundred)
