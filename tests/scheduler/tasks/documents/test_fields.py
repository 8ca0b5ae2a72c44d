"""Fields of documents from text as it lies on them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.scheduler.models.outputs import Box
from argusd.scheduler.models.page_layout import Piece
from argusd.scheduler.tasks.documents.fields import DocumentFields, read_fields

TODAY = date(2026, 6, 1)
PASSPORT = ["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F3004157ZE184226B<<<<<16"]


def column(*lines: str) -> list[Piece]:
    """One below the other."""
    return [Piece(line, Box(10, 30 * n, 10 + 10 * len(line), 30 * n + 20)) for n, line in enumerate(lines)]


def table(*rows: tuple[str, ...]) -> list[Piece]:
    """Rows of columns 300 wide."""
    return [
        Piece(text, Box(300 * x, 30 * y, 300 * x + 10 * len(text), 30 * y + 20))
        for y, row in enumerate(rows)
        for x, text in enumerate(row)
    ]


def read(pieces: list[Piece]) -> DocumentFields:
    return read_fields(pieces, TODAY)


JANE = DocumentFields("JANE ANN DOE", "1990-03-25", "X1234567", ())


def test_values_behind_their_labels() -> None:
    assert read(column("Name: JANE ANN DOE", "Date of Birth: 25/03/1990", "ID No: X1234567")) == JANE


def test_values_below_their_labels() -> None:
    lines = ("Full name", "JANE ANN DOE", "Date of birth", "25 Mar 1990", "Passport No.", "X1234567")
    assert read(column(*lines)) == JANE


def test_values_beside_their_labels() -> None:
    rows = (("Name", "JANE ANN DOE"), ("DOB", "25.03.1990"), ("Licence No", "x1234567"))
    assert read(table(*rows)) == JANE


def test_columns_with_values_below() -> None:
    rows = (
        ("Surname", "Given names"),
        ("DOE", "JANE ANN"),
        ("Sex", "Date of birth"),
        ("F", "1990-03-25"),
        ("Nationality", "Document number"),
        ("UTOPIAN", "X1234567"),
    )
    assert read(table(*rows)) == JANE


def test_labels_in_two_languages() -> None:
    lines = ("Nom / Name", "JANE ANN DOE", "Geburtstag / Date of birth 25.03.1990", "N / Card No X1234567")
    assert read(column(*lines)) == JANE


def test_the_machine_readable_zone_is_believed_first() -> None:
    fields = read(column("Name: ANNA ERIKSON", "Document No: L898902C8", *PASSPORT))
    assert fields[:4] == ("ANNA MARIA ERIKSSON", "1974-08-12", "L898902C3", ())
    assert fields.proofs == {"dob": "proved", "id_no": "unproved"}, "LB9890ZC3 would fit as well"


def test_a_number_that_is_printed_elsewhere_as_well_is_proved() -> None:
    assert read(column("Document No L898902C3", *PASSPORT)).proofs["id_no"] == "proved"


def test_a_zone_that_no_check_digit_agrees_with_supplies_nothing() -> None:
    wrong = "L898902C16UTO7408112F3004147ZE184226B<<<<<11"
    fields = read(column("Name: JANE DOE", "ID No: X1234567", PASSPORT[0], wrong))
    assert fields[:3] == ("JANE DOE", None, "X1234567")
    assert fields.warnings[:4] == (
        "mrz_check_failed:number",
        "mrz_check_failed:born",
        "mrz_check_failed:expires",
        "mrz_check_failed:composite",
    )
    assert fields.proofs == {}


def test_a_zone_with_a_wrong_digit_is_told_and_the_print_is_read_instead() -> None:
    lines = (*PASSPORT[:1], PASSPORT[1].replace("7408122", "7408123"))
    fields = read(column("Date of birth", "12 Aug 1974", *lines))
    assert fields.born == "1974-08-12"
    assert "mrz_check_failed:born" in fields.warnings


def test_an_expired_document() -> None:
    expired = PASSPORT[1].replace("3004157", "1204159").replace("<<<<<16", "<<<<<10")
    assert read(column(PASSPORT[0], expired)).warnings == ("document_expired",)


def test_an_aadhaar_number_with_a_right_verhoeff_digit() -> None:
    """The number is an example of python-stdnum's documentation."""
    assert read(column("DOB: 25/03/1990", "2341 2341 2346")).number == "234123412346"
    assert read(column("DOB: 25/03/1990", "2341 2341 2347")).number is None


def test_a_pan_number() -> None:
    assert read(column("INCOME TAX DEPARTMENT", "ACUPA7085R")).number == "ACUPA7085R"


def test_what_is_missing_is_named() -> None:
    assert read([]) == DocumentFields(None, None, None, ("name_missing", "dob_missing", "id_no_missing"))


def test_a_date_that_could_be_another() -> None:
    fields = read(column("Name JANE ANN DOE", "DOB 04/03/1990", "ID No X1234567"))
    assert fields == DocumentFields("JANE ANN DOE", "1990-03-04", "X1234567", ("dob_ambiguous",))


@pytest.mark.parametrize("line", ["Father's Name: JOHN DOE", "Date of issue: 25/03/2020", "Username: jane"])
def test_other_labels_are_other_fields(line: str) -> None:
    assert read(column(line))[:3] == (None, None, None)


coordinates = st.floats(0, 1000)
boxes = st.builds(Box, coordinates, coordinates, coordinates, coordinates)


@given(st.lists(st.builds(Piece, st.text(max_size=50), boxes), max_size=12))
def test_no_page_breaks_it(pieces: list[Piece]) -> None:
    fields = read(pieces)
    assert fields.born is None or date.fromisoformat(fields.born)


@given(st.lists(st.sampled_from(["Name", "DOB", "ID No", "<<", *PASSPORT, "25/03/1990", "X1"]), max_size=8))
def test_no_order_of_lines_breaks_it(lines: list[str]) -> None:
    fields = read(column(*lines))
    assert all(value is None or value.strip() for value in fields[:3])
