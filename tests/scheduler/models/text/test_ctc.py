"""Text of a recogniser's steps."""

import numpy as np

from argusd.scheduler.models.outputs import ZONE_ALPHABET
from argusd.scheduler.models.text.ctc import ZoneColumns, likeliest


def test_a_character_lasts_and_equal_ones_have_a_blank_between_them() -> None:
    steps = np.eye(3, dtype=np.float32)[[0, 1, 1, 0, 1, 2, 2, 0]] * 0.9
    text, confidence = likeliest(steps, "ab")
    assert (text, round(confidence, 3)) == ("aab", 0.9)


def test_blanks_alone_are_no_text() -> None:
    assert likeliest(np.eye(3, dtype=np.float32)[[0, 0]], "ab") == ("", 0.0)


def test_small_letters_and_quotation_marks_count_for_what_a_zone_has() -> None:
    columns = ZoneColumns("oO«<?")
    steps = np.array([[0.1, 0.2, 0.3, 0.05, 0.15, 0.2]], np.float32)
    (zone,) = columns.steps(steps)
    told = dict(zip(("", *ZONE_ALPHABET), zone.tolist(), strict=True))
    assert {name: round(value, 3) for name, value in told.items() if value} == {"": 0.1, "O": 0.5, "<": 0.2}
