"""The machine-readable zone; specimens are those that ICAO Doc 9303 prints."""

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from argusd.scheduler.tasks.mrz import check_digit, find_mrz

TODAY = date(2026, 6, 1)
PASSPORT = ["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"]
CARD = ["I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"]
OLD_CARD = ["I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6"]
LONG_NUMBER_CARD = [
    "I<UTOD23145890<7349<<<<<<<<<<<",
    "3407127M9507122UTO<<<<<<<<<<<2",
    "STEVENSON<<PETER<JOHN<<<<<<<<<",
]
LONG_NUMBER_OLD_CARD = ["I<UTOSTEVENSON<<PETER<JOHN<<<<<<<<<<", "D23145890<UTO3407127M95071227349<<<8"]
ERIKSSON = ("ANNA MARIA ERIKSSON", date(1974, 8, 12), date(2012, 4, 15), "F")
STEVENSON = ("PETER JOHN STEVENSON", date(1934, 7, 12), date(1995, 7, 12), "M")


@pytest.mark.parametrize(
    ("lines", "kind", "number", "person"),
    [
        (PASSPORT, "TD3", "L898902C3", ERIKSSON),
        (CARD, "TD1", "D23145890", ERIKSSON),
        (OLD_CARD, "TD2", "D23145890", ERIKSSON),
        (LONG_NUMBER_CARD, "TD1", "D23145890734", STEVENSON),
        (LONG_NUMBER_OLD_CARD, "TD2", "D23145890734", STEVENSON),
    ],
)
def test_specimens(lines: list[str], kind: str, number: str, person: tuple[str, date, date, str]) -> None:
    mrz = find_mrz(lines, TODAY)
    assert mrz is not None
    assert (mrz.kind, mrz.number, mrz.issuer, mrz.nationality) == (kind, number, "UTO", "UTO")
    assert (mrz.name, mrz.born, mrz.expires, mrz.sex) == person
    assert mrz.failed == ()


def test_a_check_digit_of_the_standard() -> None:
    """Doc 9303 part 3, appendix A."""
    assert check_digit("520727") == "3"
    assert check_digit("AB2134<<<") == "5"


def test_it_is_found_below_other_text() -> None:
    assert find_mrz(["UTOPIA", "PASSPORT", "Eriksson", *PASSPORT], TODAY) == find_mrz(PASSPORT, TODAY)


def test_what_ocr_confuses_is_put_right() -> None:
    """0 for O in a country, letters for digits in a date."""
    first, second = PASSPORT
    second = second.replace("UTO", "UT0").replace("740812", "74O8I2")
    assert find_mrz([first, second], TODAY) == find_mrz(PASSPORT, TODAY)


def test_a_number_that_its_digit_mends_is_told() -> None:
    """It could be right by another change, of a character that was mistaken for one beyond suspicion."""
    whole = find_mrz(PASSPORT, TODAY)
    mended = find_mrz([PASSPORT[0], PASSPORT[1].replace("L898902C3", "L8989O2C3")], TODAY)
    assert whole is not None
    assert mended == whole._replace(corrected=True)


def test_lost_and_added_fillers_are_put_right() -> None:
    first, second = PASSPORT
    for changed in ([first[:-3], second], [first + "<<", second], [first, second.replace("<<<<<", "<<<")]):
        assert find_mrz(changed, TODAY) == find_mrz(PASSPORT, TODAY)


def test_spaces_and_small_letters_do_not_matter() -> None:
    first, second = PASSPORT
    assert find_mrz([first.lower(), f"{second[:20]} {second[20:]}"], TODAY) == find_mrz(PASSPORT, TODAY)


@pytest.mark.parametrize(
    ("old", "new", "failed"),
    [
        ("L898902C3", "L898902X3", ("number", "composite")),
        ("7408122", "7408132", ("born", "composite")),
        ("1204159", "1204169", ("expires", "composite")),
        ("<<<<<10", "<<<<<13", ("composite",)),
    ],
)
def test_a_wrong_character_is_told(old: str, new: str, failed: tuple[str, ...]) -> None:
    mrz = find_mrz([PASSPORT[0], PASSPORT[1].replace(old, new)], TODAY)
    assert mrz is not None
    assert mrz.failed == failed


def test_a_wrong_number_is_returned_as_it_was_read() -> None:
    mrz = find_mrz([PASSPORT[0], PASSPORT[1].replace("L898902C3", "LX98902C3")], TODAY)
    assert mrz is not None
    assert (mrz.number, "number" in mrz.failed) == ("LX98902C3", True)


def test_nobody_is_born_in_the_future() -> None:
    def born(digits: str, today: date) -> date | None:
        field = digits + check_digit(digits)
        mrz = find_mrz([PASSPORT[0], PASSPORT[1].replace("7408122", field)], today)
        assert mrz is not None
        return mrz.born

    assert born("260531", date(2026, 6, 1)) == date(2026, 5, 31)
    assert born("260602", date(2026, 6, 1)) == date(1926, 6, 2)
    assert born("000229", date(2026, 6, 1)) == date(2000, 2, 29)
    assert born("991332", date(2026, 6, 1)) is None


@pytest.mark.parametrize(
    "lines", [[], ["P<UTO"], [PASSPORT[0]], [PASSPORT[1]], ["Price <10", "Invoice"], CARD[:2]]
)
def test_other_text_is_no_zone(lines: list[str]) -> None:
    assert find_mrz(lines, TODAY) is None


@given(st.lists(st.text("P<IAUTO0159 \nçÇ中", max_size=48), max_size=5))
def test_no_text_breaks_it(lines: list[str]) -> None:
    mrz = find_mrz(lines, TODAY)
    assert mrz is None or mrz.kind in {"TD1", "TD2", "TD3"}


@given(st.integers(0, 87), st.sampled_from("0123456789"))
def test_a_wrong_digit_anywhere_never_gives_another_number_or_date_unnoticed(place: int, digit: str) -> None:
    """Between letters and digits it can: to the check digit, L is as good as 1 and M as 2."""
    text = "".join(PASSPORT)
    assume(text[place].isdigit())
    text = text[:place] + digit + text[place + 1 :]
    mrz = find_mrz([text[:44], text[44:]], TODAY)
    if mrz is not None and "number" not in mrz.failed and not mrz.corrected:
        assert mrz.number == "L898902C3"
    if mrz is not None and "born" not in mrz.failed:
        assert mrz.born == date(1974, 8, 12)
