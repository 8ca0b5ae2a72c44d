import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.api.analysis import richness

# 11 words: the ×3, sat ×2, six others once.
VERSE = ["the", "cat", "sat", "on", "the", "mat", "and", "the", "dog", "sat", "too"]
WORDS = st.lists(st.sampled_from("abcdefgh"), min_size=1)


def test_type_token_ratio() -> None:
    assert richness.type_token_ratio(VERSE) == 8 / 11


def test_hapax_rate() -> None:
    assert richness.hapax_rate(VERSE) == 6 / 11


def test_yules_k() -> None:
    # Σ i² V(i) = 3² + 2² + 6 · 1² = 19
    assert richness.yules_k(VERSE) == pytest.approx(10_000 * (19 - 11) / 11**2)


def test_mtld_of_a_loop() -> None:
    # Either way a factor is full at the third word of "a b a b …": 2/3 is below 0.72. 12 words, 4 factors.
    assert richness.mtld(["a", "b"] * 6) == 3.0


def test_mtld_counts_the_part_of_a_factor_that_is_left() -> None:
    # a b c d a: type-token ratio 4/5 at the end, so (1 - 0.8) / (1 - 0.72) of a factor, either way.
    assert richness.mtld(["a", "b", "c", "d", "a"]) == pytest.approx(5 / (0.2 / 0.28))


def test_mtld_has_no_value_where_no_word_comes_twice() -> None:
    assert richness.mtld(["a", "b", "c"]) is None


def test_mean_word_length() -> None:
    assert richness.mean_word_length(["a", "bcd", "ef"]) == 2


def test_sentence_length_variation() -> None:
    assert richness.sentence_length_variation([7, 7, 7]) == 0
    assert richness.sentence_length_variation([2, 6]) == 0.5


def test_repeated_ngram_rate() -> None:
    # abcd bcde cdea deab eabc abcd: 2 of 6 are the same.
    assert richness.repeated_ngram_rate(list("abcdeabcd")) == 2 / 6


@given(WORDS)
def test_measures_stay_in_their_ranges(words: list[str]) -> None:
    assert 0 < richness.type_token_ratio(words) <= 1
    assert 0 <= richness.hapax_rate(words) <= richness.type_token_ratio(words)
    assert 0 <= richness.yules_k(words) < 10_000
    diversity = richness.mtld(words)
    assert diversity is None or diversity > 0


@given(WORDS)
def test_mtld_reads_both_ways_alike(words: list[str]) -> None:
    assert richness.mtld(words) == richness.mtld(words[::-1])
