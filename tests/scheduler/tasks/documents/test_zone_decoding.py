"""Zones from what a recogniser says of their lines."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings

from argusd.scheduler.tasks.documents.mrz_layouts import LAYOUTS
from argusd.scheduler.tasks.documents.zone_decoding import Decoded, likeliest_zone

from .printed_zones import HOLDERS, KINDS, Holder, printed
from .recognised import recognised

PASSPORT = ["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"]
VISA = ["V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L8988901C4XXX4009078F96121096ZE184226B<<<<<<"]


def zone(lines: Sequence[str], *doubts: dict[int, dict[str, float]]) -> Decoded:
    """``doubts`` of the last lines."""
    of_lines: list[dict[int, dict[str, float]]] = [{}] * (len(lines) - len(doubts)) + list(doubts)
    looks = [[recognised(line, doubt)] for line, doubt in zip(lines, of_lines, strict=True)]
    found = likeliest_zone(looks)
    assert found is not None
    assert found[0] == 0
    return found[1]


def told(decoded: Decoded) -> tuple[str, str]:
    return decoded.number.value, decoded.number.proof


@given(HOLDERS)
@settings(max_examples=6, deadline=None)
@pytest.mark.parametrize("kind", KINDS)
def test_every_format_is_known_by_its_lines(kind: str, holder: Holder) -> None:
    lines = printed(kind, holder)
    decoded = zone(lines)
    assert (decoded.layout.kind, decoded.text) == (kind, "".join(lines))


def test_a_clean_passport_is_proved() -> None:
    assert told(zone(PASSPORT)) == ("L898902C3", "proved")


def test_the_reading_that_the_check_digits_ask_for_is_taken() -> None:
    """The recogniser takes the 0 for an O, and hardly thought of the 0."""
    misread = PASSPORT[1].replace("L898902C3", "L8989O2C3")
    decoded = zone([PASSPORT[0], misread], {5: {"0": 0.1}})
    assert told(decoded) == ("L898902C3", "proved")
    assert decoded.text == "".join(PASSPORT)


def test_a_number_is_never_changed_to_what_nobody_saw() -> None:
    """An X for the C has no look-alike: one of many characters is wrong, and nothing says which."""
    decoded = zone([PASSPORT[0], PASSPORT[1].replace("L898902C3", "L898902X3")])
    assert told(decoded) == ("L898902X3", "failed")


def test_two_readings_that_fit_as_well_prove_nothing() -> None:
    """To the check digit of a visa, 1 and L are alike: 7 × 1 and 7 × 21 end in the same digit."""
    decoded = zone(VISA, {0: {"1": 0.45}})
    assert decoded.number.proof == "unproved"
    assert 0.4 < decoded.sure < 0.7


def test_a_misprinted_digit_stays_as_it_is_printed() -> None:
    """A specimen's composite digit is wrong, and all else is clear."""
    misprinted = PASSPORT[1][:-1] + "7"
    decoded = zone([PASSPORT[0], misprinted])
    assert decoded.text == PASSPORT[0] + misprinted
    assert decoded.number.value == "L898902C3"


def test_a_number_that_is_printed_elsewhere_has_two_witnesses() -> None:
    looks = [[recognised(VISA[0])], [recognised(VISA[1], {0: {"1": 0.45}})]]
    found = likeliest_zone(looks, printed="VISANUMBER\nL8988901C")
    assert found is not None
    assert told(found[1]) == ("L8988901C", "proved")


def test_what_is_printed_elsewhere_takes_no_place_of_what_is_clear() -> None:
    """Another number of the page is none of the zone's, and neither is one with another digit in it."""
    looks = [[recognised(line)] for line in PASSPORT]
    found = likeliest_zone(looks, printed="L898902C8\n123456789")
    assert found is not None
    assert told(found[1]) == ("L898902C3", "proved")


def test_letters_stand_where_digits_cannot() -> None:
    decoded = zone(["P<UT0ERIKS50N<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", PASSPORT[1].replace("UTO", "UT0")])
    assert decoded.text == "".join(PASSPORT)


def test_the_mean_of_several_looks_counts() -> None:
    clear, wrong = recognised(PASSPORT[1]), recognised(PASSPORT[1].replace("L8", "LB"))
    found = likeliest_zone([[recognised(PASSPORT[0])] * 3, [wrong, clear, clear]])
    assert found is not None
    assert found[1].text == "".join(PASSPORT)


def test_other_lines_are_no_zone() -> None:
    assert likeliest_zone([]) is None
    assert likeliest_zone([[recognised("REPUBLIC OF UTOPIA".replace(" ", "<"))]] * 2) is None
    assert likeliest_zone([[recognised("X" * 44)], [recognised("Y" * 44)]]) is None


def test_every_layout_has_a_first_character() -> None:
    assert {layout.kind: layout.kinds for layout in LAYOUTS} == {
        "TD1": "IAC",
        "TD2": "IAC",
        "TD3": "P",
        "MRV-A": "V",
        "MRV-B": "V",
        "FRA": "I",
    }
