import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.api.analysis.prose import read_prose, split_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't stop, it's 3.5 km!", ["don't", "stop", "it's", "3", "5", "km"]),
        ("It’s a well-known “trick” – ok", ["it's", "a", "well-known", "trick", "ok"]),
        ("'quoted' -- and so-", ["quoted", "and", "so"]),
        ("मेरा नाम प्रिया है।", ["मेरा", "नाम", "प्रिया", "है"]),
        ("Ещё раз, пожалуйста", ["ещё", "раз", "пожалуйста"]),
        ("我喜欢。", ["我", "喜", "欢"]),
        ("¿Qué tal?", ["qué", "tal"]),
        ("... --- !!!", []),
        ("", []),
    ],
)
def test_words_of_any_script(text: str, words: list[str]) -> None:
    assert split_words(text) == words


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("One two. Three!", (2, 1)),
        ("It costs 3.5 euros. Really?!", (5, 1)),
        ('He said "stop." Then left.', (3, 2)),
        ("मैं यहाँ हूँ। तुम कहाँ हो।", (3, 3)),
        ("我在北京。我喜欢。", (4, 3)),
        ("A headline\n\nand its text", (2, 3)),
        ("no full stop at all", (5,)),
        ("!!! ???", ()),
    ],
)
def test_sentences_are_counted_in_words(text: str, lengths: tuple[int, ...]) -> None:
    assert read_prose(text).sentences == lengths


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    prose = read_prose(text)
    assert sum(prose.sentences) == len(prose.words)
    assert all(word == word.strip() != "" for word in prose.words)


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("I was at the office when they called me about it.", True),
        ("Ich war im Büro, als sie mich deswegen angerufen haben.", False),
        ("J'étais au bureau quand ils m'ont appelé pour ça.", False),
        ("Yo estaba en la oficina cuando me llamaron por eso.", False),
        ("मैं दिल्ली में रहती हूँ।", False),
        ("", False),
    ],
)
def test_english_is_told_by_its_function_words(text: str, english: bool) -> None:
    assert read_prose(text).english is english
