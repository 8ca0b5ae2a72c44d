"""The machine-readable zone; specimens are those that ICAO Doc 9303 prints."""

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from argusd.scheduler.tasks.documents.mrz import find_mrz
from argusd.scheduler.tasks.documents.mrz_number import check_digit

from .printed_zones import HOLDERS, KINDS, Holder, printed

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
    assert mended is not None
    assert mended.proofs["number"] == "unproved"
    assert mended == whole._replace(corrected=True, lines=mended.lines)


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


VISA = ["V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L8988901C4XXX4009078F96121096ZE184226B<<<<<<"]
SMALL_VISA = [VISA[0][:36], "L8988901C4XXX4009078F9612109<<<<<<<<"]
FRENCH_CARD = ["IDFRABERTHIER<<<<<<<<<<<<<<<<<92C001", "8806923102858CORINNE<<JEANNE6512068F7"]


@pytest.mark.parametrize(
    ("lines", "kind", "number", "name", "born"),
    [
        (VISA, "MRV-A", "L8988901C", "ANNA MARIA ERIKSSON", date(1940, 9, 7)),
        (SMALL_VISA, "MRV-B", "L8988901C", "ANNA MARIA ERIKSSON", date(1940, 9, 7)),
        (FRENCH_CARD, "FRA", "880692310285", "CORINNE JEANNE BERTHIER", date(1965, 12, 6)),
    ],
)
def test_visas_and_french_cards(lines: list[str], kind: str, number: str, name: str, born: date) -> None:
    mrz = find_mrz(lines, TODAY)
    assert mrz is not None
    assert (mrz.kind, mrz.number, mrz.name, mrz.born, mrz.failed) == (kind, number, name, born, ())


@pytest.mark.parametrize(
    ("names", "given", "surname"),
    [
        ("DOE<<JOHN<<<<<<<<<<K<<<<<<", "JOHN", "DOE"),
        ("DOE<<JOHN<<K<C<<<L<<<<SE<<", "JOHN", "DOE"),
        ("DOE<<JOHN<K<<<<<<<L<<<<<<<", "JOHN", "DOE"),
        ("DOE<<JOHN<<<<<<KKKKKKKKKKK", "JOHN", "DOE"),
        ("DOE<<JOHN<LLLL", "JOHN", "DOE"),
        ("DOE<<JOHNCCCCCCCC", "JOHN", "DOE"),
        ("DOE<<JOHN<KCKLK<<<<<<<<<<<", "JOHN", "DOE"),
        ("DOE<<JOHN«««««((<<_<~<<<<<", "JOHN", "DOE"),
        ("DOE<<JOHNKCKKKLKKKKSKKKKKKKKK", "JOHN", "DOE"),
        ("DOE<<JOHN<K<<<<<<<<<<<<<<<", "JOHN K", "DOE"),  # an initial
        ("DOE<SMITH<<ANNA<LEE<<<<<<<", "ANNA LEE", "DOE SMITH"),
        ("ECCLES<<KEES<<<<<<<<<<<<<<", "KEES", "ECCLES"),
        ("ARKFREITH<<<<<<<<<<<<<<<<<", "", "ARKFREITH"),
        ("L0PEZ<<MAR1A<<<<<<<<<<<<<<", "MARIA", "LOPEZ"),
    ],
)
def test_padding_is_no_part_of_a_name(names: str, given: str, surname: str) -> None:
    mrz = find_mrz(["P<UTO" + names.ljust(39, "<"), PASSPORT[1]], TODAY)
    assert mrz is not None
    assert (mrz.given_names, mrz.surname) == (given, surname)


@pytest.mark.parametrize("digit", "0245789")
def test_a_digit_that_was_misread_leaves_the_number_as_it_was_read(digit: str) -> None:
    """The composite digit agrees with the digit that the number should have."""
    mrz = find_mrz([PASSPORT[0], PASSPORT[1].replace("C36UTO", f"C3{digit}UTO")], TODAY)
    assert mrz is not None
    assert (mrz.number, mrz.proofs["number"], mrz.corrected) == ("L898902C3", "proved", False)


def test_without_a_second_equation_a_number_stays_as_it_was_read() -> None:
    """A visa has no composite digit, so a letter for a digit and a misread digit look the same."""
    mrz = find_mrz([VISA[0], VISA[1].replace("L8988901C4", "L89889O1C4")], TODAY)
    assert mrz is not None
    assert (mrz.number, mrz.proofs["number"], mrz.failed) == ("L89889O1C", "failed", ("number",))


def test_the_same_number_elsewhere_on_the_page_is_a_second_witness() -> None:
    visa = [VISA[0], VISA[1].replace("L8988901C4", "L89889O1C4")]
    mrz = find_mrz(["Visa number", "L8988901C", *visa], TODAY)
    assert mrz is not None
    assert (mrz.number, mrz.proofs["number"], mrz.corrected) == ("L8988901C", "proved", True)


def test_zeros_that_are_read_as_letters_are_zeros_again_where_all_digits_agree() -> None:
    """Two equations, and the simplest of the readings that satisfy both; other readings leave a doubt."""
    lines = ["P<LTUBASANAVICIENE<<BIRUTE<<<<<<<<<<<<<<<<<<", "000OOO00<OLTU5911239F120101145911231023<<<16"]
    mrz = find_mrz(lines, TODAY)
    assert mrz is not None
    assert (mrz.number, mrz.corrected, mrz.failed) == ("00000000", True, ())
    assert mrz.proofs == {"number": "unproved", "born": "proved", "expires": "proved"}
    assert mrz.lines[1].startswith("000OOO00<0LTU"), "what is not proved stays as it was read"


def test_an_unknown_day_of_birth_is_no_date() -> None:
    """Fillers stand for what is not known (part 3, 4.8)."""
    born = "7408<<" + check_digit("7408<<")
    mrz = find_mrz([PASSPORT[0], PASSPORT[1].replace("7408122", born)], TODAY)
    assert mrz is not None
    assert mrz.born is None
    assert "born" not in mrz.failed


@pytest.mark.parametrize("begin", ["F<UTO", "R<UTO", "<<UTO", "K<0TO"])
def test_a_misread_beginning_matters_not_where_the_second_line_wholly_agrees(begin: str) -> None:
    first = begin + PASSPORT[0][5:]
    mrz = find_mrz([first, PASSPORT[1]], TODAY)
    assert mrz is not None
    assert (mrz.name, mrz.number, mrz.born) == ("ANNA MARIA ERIKSSON", "L898902C3", date(1974, 8, 12))
    assert find_mrz([first, PASSPORT[1].replace("7408122", "7408123")], TODAY) is None


@pytest.mark.parametrize("lost", range(0, 20, 3))
def test_padding_that_was_not_read_is_added_at_the_end(lost: int) -> None:
    assert find_mrz([PASSPORT[0][: 44 - lost], PASSPORT[1]], TODAY) == find_mrz(PASSPORT, TODAY)


LIKE = str.maketrans("0O1I2Z5S8B6G", "O0I1Z2S5B8G6")


@given(st.sampled_from(KINDS), HOLDERS)
def test_what_is_printed_is_read(kind: str, holder: Holder) -> None:
    lines = printed(kind, holder)
    mrz = find_mrz(lines, TODAY)
    assert mrz is not None
    assert mrz.kind == kind
    assert mrz.failed == ()
    if kind != "FRA":
        assert mrz.number == holder.number
        assert mrz.lines == tuple(lines)


@given(st.sampled_from(KINDS), HOLDERS, st.data())
def test_noise_never_proves_a_wrong_value(kind: str, holder: Holder, data: st.DataObject) -> None:
    """Characters of the second kind that look alike, and fillers that come out as letters."""
    clean = find_mrz(printed(kind, holder), TODAY)
    assert clean is not None
    lines = printed(kind, holder)
    row = 0 if kind == "TD1" else 1
    count = data.draw(st.integers(0, 2))
    places = data.draw(st.lists(st.integers(0, 11 if kind == "FRA" else 8), min_size=count, max_size=count))
    for place in {5 * (kind == "TD1") + each for each in places}:
        line = lines[row]
        lines[row] = line[:place] + line[place].translate(LIKE) + line[place + 1 :]
    names = lines[-1 if kind == "TD1" else 0]
    if kind != "FRA" and names.endswith("<<<<"):
        stray = data.draw(st.sampled_from("KCLESXG(«"))
        lines[-1 if kind == "TD1" else 0] = f"{names[:-2]}{stray}<"
    noisy = find_mrz(lines, TODAY)
    assert noisy is not None
    assert noisy.name == clean.name
    for field in ("number", "born", "expires"):
        if noisy.proofs.get(field) == "proved":
            assert getattr(noisy, field) == getattr(clean, field)


@given(st.sampled_from(KINDS), HOLDERS, st.integers(0, 9))
def test_a_misread_check_digit_never_changes_a_number(kind: str, holder: Holder, digit: int) -> None:
    lines = printed(kind, holder)
    clean = find_mrz(lines, TODAY)
    row, place = (0, 14) if kind == "TD1" else (1, 12 if kind == "FRA" else 9)
    lines[row] = f"{lines[row][:place]}{digit}{lines[row][place + 1 :]}"
    misread = find_mrz(lines, TODAY)
    assert clean is not None
    assert misread is not None
    if misread.proofs["number"] == "proved" or not misread.corrected:
        assert misread.number == clean.number
