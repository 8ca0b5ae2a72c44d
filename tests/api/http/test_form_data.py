"""Forms as browsers, curl and libraries send them, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.api.http.form_data import MOST_PARTS, Part, form_parts, parameters
from argusd.scheduler.contract.errors import MalformedBody

KIND = "multipart/form-data; boundary=edge"


def part(head: str, data: bytes = b"data") -> bytes:
    return b"--edge\r\n" + head.encode() + b"\r\n\r\n" + data + b"\r\n"


NAMED = 'Content-Disposition: form-data; name="a"'


def test_files_and_texts_are_told_apart() -> None:
    file = part(
        'content-disposition:form-data; filename="a;b\\".jpg"; name=image\r\nContent-Type: image/jpeg'
    )
    assert form_parts(b"preamble\r\n" + part(NAMED, b"1") + file + b"--edge--\r\nepilogue", KIND) == [
        Part("a", b"1", is_file=False),
        Part("image", b"data", is_file=True),
    ]


@given(st.binary(max_size=200), st.text("abc'()+_,-./:=?", min_size=1, max_size=70))
def test_a_file_is_taken_byte_for_byte(data: bytes, boundary: str) -> None:
    if f"--{boundary}".encode() in data:
        return
    head = f"--{boundary}\r\n{NAMED}\r\n\r\n".encode()
    body = head + data + f"\r\n--{boundary}--".encode()
    assert form_parts(body, f'multipart/form-data; boundary="{boundary}"') == [Part("a", data, is_file=False)]


def test_a_large_file_is_taken_whole() -> None:
    data = bytes(range(256)) * 400
    assert form_parts(part(NAMED, data) + b"--edge--", KIND) == [Part("a", data, is_file=False)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        part(NAMED),
        part(NAMED)[:-3],
        part("Content-Type: image/jpeg") + b"--edge--",
        part("Content-Disposition: attachment; name=a") + b"--edge--",
        part(f"{NAMED}\r\nContent-Transfer-Encoding: base64") + b"--edge--",
        part(f"{NAMED}\r\nX: {'x' * 4000}") + b"--edge--",
        b"--edge garbage\r\n\r\n\r\n--edge--",
        part(NAMED) * (MOST_PARTS + 1) + b"--edge--",
    ],
)
def test_what_is_no_form_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        form_parts(body, KIND)


def test_a_form_has_a_boundary() -> None:
    with pytest.raises(MalformedBody, match="names no boundary"):
        form_parts(part(NAMED) + b"--edge--", "multipart/form-data")


@given(st.binary(max_size=300))
def test_nothing_else_happens(body: bytes) -> None:
    try:
        form_parts(body.replace(b"|", b"\r\n--edge"), KIND)
    except MalformedBody:
        return


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ('form-data; name="a\\"b"; Name=c', {"name": 'a"b'}),
        ("form-data;name=a ; filename*=UTF-8''x", {"name": "a", "filename*": "UTF-8''x"}),
        ("form-data; name", {}),
        ("form-data", {}),
    ],
)
def test_parameters_of_a_header(header: str, found: dict[str, str]) -> None:
    assert parameters(header) == found
