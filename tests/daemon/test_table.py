"""Columns that give way where the window is narrow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.daemon.table import cut, table

HEAD = ("NAME", "ROLE", "ABOUT")
ROWS = [("silero_vad", "vad", "hears whether somebody speaks"), ("ge2e", "speaker_embedder", "knows voices")]


def test_without_a_window_everything_has_room() -> None:
    assert table(HEAD, ROWS, None, {"ABOUT": 8}) == [
        "NAME        ROLE              ABOUT",
        "silero_vad  vad               hears whether somebody speaks",
        "ge2e        speaker_embedder  knows voices",
    ]


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (61, "silero_vad  vad               hears whether somebody speaks"),
        (40, "silero_vad  vad               hears whe…"),
        (38, "silero_vad  vad               hears w…"),
        (37, "silero_vad  hears w…"),
        (12, "silero_vad …"),
    ],
)
def test_columns_give_way_in_their_order_and_one_goes_at_nothing(width: int, line: str) -> None:
    assert table(HEAD, ROWS, width, {"ABOUT": 8, "ROLE": 0})[1] == line


@given(
    st.lists(st.tuples(st.text("ab", max_size=30), st.text("cd", max_size=30)), max_size=4),
    st.integers(1, 80),
    st.integers(0, 10),
)
def test_no_line_is_wider_than_the_window(rows: list[tuple[str, str]], width: int, least: int) -> None:
    lines = table(("A", "B"), rows, width, {"B": least})
    assert len(lines) == 1 + len(rows)
    assert max(map(len, lines)) <= width


def test_what_is_cut_says_so() -> None:
    assert (cut("word", 4), cut("words", 4), cut("words", None)) == ("word", "wor…", "words")
