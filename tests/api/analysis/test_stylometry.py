import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.api.analysis.rules import match_rules
from argusd.api.analysis.stylometry import MEASURES, analyze_style

from .texts import DARWIN, ESSAY, HINDI, TALK

ENGLISH_ONLY = {name for name, measure in MEASURES.items() if measure.english}


def measured(text: str) -> dict[str, float]:
    return {name: value for name, value in analyze_style(text).measures.items() if value is not None}


def test_a_long_english_text_has_every_measure() -> None:
    style = analyze_style(TALK)
    assert (style.words, style.sentences, style.language) == (143, 14, "en")
    assert style.not_meaningful == {}
    assert None not in style.measures.values()


def test_talk_and_essay_differ_where_they_should() -> None:
    talk, essay = measured(TALK), measured(ESSAY)
    assert talk["filler_rate"] == pytest.approx(100 * 6 / 143, abs=1e-4)
    assert (essay["filler_rate"], essay["contraction_rate"], essay["first_person_rate"]) == (0, 0, 0)
    assert talk["excess_vocabulary_rate"] == 0
    assert essay["excess_vocabulary_rate"] == pytest.approx(100 * 11 / 111, abs=1e-4)
    assert talk["reading_ease"] > 80 > 0 > essay["reading_ease"]
    assert talk["sentence_length_variation"] > 0.7 > 0.25 > essay["sentence_length_variation"]


def test_risk_rises_from_talk_over_edited_prose_to_an_essay_of_a_model() -> None:
    talk, darwin, essay = (analyze_style(text).risk.score for text in (TALK, DARWIN, ESSAY))
    assert talk < 0.1 < 0.4 < darwin < 0.7 < 0.9 < essay


def test_another_language_has_only_what_needs_no_english() -> None:
    style = analyze_style(HINDI)
    assert (style.words, style.sentences, style.language) == (31, 5, None)
    assert {name for name, why in style.not_meaningful.items() if why == "English only"} == ENGLISH_ONLY
    assert style.measures["mean_sentence_length"] == 6.2
    assert style.measures["sentence_length_variation"] is not None


def test_a_short_text_says_what_it_is_too_short_for() -> None:
    style = analyze_style("I think it was the best thing that we did.")
    assert style.measures["type_token_ratio"] == 1.0
    assert style.not_meaningful["mtld"] == "needs 50 words"
    assert style.not_meaningful["filler_rate"] == "needs 30 words"
    assert style.not_meaningful["mean_sentence_length"] == "needs 2 sentences"
    assert style.risk.score == 0


def test_a_transcript_without_full_stops_has_no_sentence_lengths() -> None:
    style = analyze_style(TALK.replace(".", "").replace("?", ""))
    assert style.sentences == 1
    assert style.not_meaningful["sentence_length_variation"] == "needs 4 sentences"
    assert style.measures["filler_rate"] is not None


@pytest.mark.parametrize("text", ["", " \n", "…!?", "--"])
def test_a_text_without_words_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="without words"):
        analyze_style(text)


@given(
    st.lists(st.sampled_from(["the", "um", "data", "नाम", "我", "don't", ".", "!\n\n", "4,5"]), max_size=200)
)
def test_every_measure_has_a_value_or_a_reason(parts: list[str]) -> None:
    text = "start " + " ".join(parts)
    style = analyze_style(text)
    assert set(style.measures) == set(MEASURES)
    assert {name for name, value in style.measures.items() if value is None} == set(style.not_meaningful)
    assert 0 <= style.risk.score <= style.risk.evidence <= 1


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "part", [".", "!'", "a-", "-", "\n", "\n ", "1 ", "a.", "aaa", "don't ", "我", "<|", "a@", "as an ai "]
)
def test_no_text_of_the_longest_length_takes_long(part: str) -> None:
    text = ("x" + part * 200_000)[:199_999] + "x"
    assert analyze_style(text).words > 0
    assert match_rules(text) is None
