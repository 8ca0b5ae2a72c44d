import pytest

from argusd.api.analysis.risk import MARKED, SIGNS, assess, explain, strength

CALM = {name: sign.calm for name, sign in SIGNS.items()}
STRIKING = {name: sign.striking for name, sign in SIGNS.items()}


def test_the_weights_add_up_to_one() -> None:
    assert sum(sign.weight for sign in SIGNS.values()) == pytest.approx(1)


@pytest.mark.parametrize("name", SIGNS)
def test_a_sign_rises_from_calm_to_striking(name: str) -> None:
    sign = SIGNS[name]
    beyond = 2 * sign.striking - sign.calm
    values = [
        2 * sign.calm - sign.striking,
        sign.calm,
        (sign.calm + sign.striking) / 2,
        sign.striking,
        beyond,
    ]
    assert [strength(sign, value) for value in values] == pytest.approx([0, 0, 0.5, 1, 1])


@pytest.mark.parametrize(
    ("measures", "words", "score", "evidence"),
    [
        (CALM, 200, 0.0, 1.0),
        (STRIKING, 200, 1.0, 1.0),
        (STRIKING, 50, 0.5, 0.5),
        (CALM | {"filler_rate": 0.0}, 200, 0.2, 1.0),
        (dict.fromkeys(SIGNS) | {"sentence_length_variation": 0.0}, 200, 0.2, 0.2),
        ({}, 200, 0.0, 0.0),
    ],
)
def test_the_score_is_the_weight_of_what_is_striking_times_the_evidence(
    measures: dict[str, float | None], words: int, score: float, evidence: float
) -> None:
    risk = assess("some text", words, measures)
    assert (risk.score, risk.evidence) == pytest.approx((score, evidence))


def test_a_text_that_speaks_as_a_model_is_marked_however_calm_and_short() -> None:
    risk = assess("As an AI language model, I have no job.", 9, CALM)
    assert (risk.score, risk.speaks_as_model) == (MARKED, True)
    assert explain(risk) == "The text speaks of itself as a language model does."


@pytest.mark.parametrize(
    ("measures", "words", "sentence"),
    [
        (CALM, 200, "Nothing in the style stands out."),
        (CALM | {"filler_rate": 0.0}, 200, "Style: hardly a filler."),
        (
            CALM | {"filler_rate": 0.0, "sentence_length_variation": 0.2},
            60,
            "Style: sentences of even length, hardly a filler. There is too little to judge by.",
        ),
    ],
)
def test_the_reasoning_names_the_strong_signs(
    measures: dict[str, float | None], words: int, sentence: str
) -> None:
    assert explain(assess("some text", words, measures)) == sentence
