"""Base64 as browsers, shells, mail programs and other languages' libraries write it."""

import base64
import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.api.http.base64_text import from_base64
from argusd.api.http.envelope import MOST_VALUES, decode_json
from argusd.api.streams.timed import TimedMedia
from argusd.scheduler.contract.errors import InvalidField
from argusd.scheduler.contract.sessions import SessionSpec
from argusd.scheduler.contract.tasks.documents import DocIdVerify
from argusd.scheduler.contract.tasks.faces import FaceEmbed

DATA = bytes(range(256)) + b"\xfb\xff\xfe"  # every digit of the alphabet, those that differ among them
PLAIN = base64.b64encode(DATA).decode()
URL_SAFE = base64.urlsafe_b64encode(DATA).decode()

FORMS = {
    "plain": PLAIN,
    "data URL": f"data:image/jpeg;base64,{PLAIN}",
    "data URL with parameters": f'data:audio/webm;codecs="opus";name=a%20b;base64,{PLAIN}',
    "data URL without a type": f"data:;base64,{PLAIN}",
    "data URL in capitals": f"DATA:IMAGE/PNG;BASE64,{PLAIN}",
    "data URL with blanks": f"  data:image/jpeg; base64, {PLAIN}\n",
    "data URL with percent signs": f"data:image/jpeg;base64,{quote(PLAIN, safe='')}",
    "percent signs": quote(PLAIN, safe=""),
    "the alphabet of URLs": URL_SAFE,
    "the alphabet of URLs without padding": URL_SAFE.rstrip("="),
    "data URL in the alphabet of URLs": f"data:image/webp;base64,{URL_SAFE.rstrip('=')}",
    "lines of MIME": base64.encodebytes(DATA).decode().replace("\n", "\r\n"),
    "lines of a shell": base64.encodebytes(DATA).decode(),
    "blanks and tabs": " \t".join(re.findall(".{1,5}", PLAIN)),
    "padding in lines of its own": PLAIN.rstrip("=") + "\n=" * PLAIN.count("="),
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_every_form_stands_for_the_same_bytes(text: str) -> None:
    assert from_base64(text) == DATA
    assert decode_json(json.dumps({"image_b64": text}).encode(), FaceEmbed).image_b64 == DATA


def test_slashes_that_php_escapes() -> None:
    assert decode_json(b'{"image_b64": "\\/+\\/\\/"}', FaceEmbed).image_b64 == base64.b64decode("/+//")


@pytest.mark.parametrize(
    "text",
    [
        "%%%",
        "nobody's base64",
        "A",  # six bits are no byte
        "AAAAA",
        "====",
        "AA=A",
        "AAA==",
        "Zm9v\0",
        "Zm9vé",
        "\ud800",
        "data:image/png,iVBORw0KGgo=",  # a data URL of text
        "data:image/png;base64",
        "data:text/plain;charset=utf-8,hello",
        "http://example.org/face.jpg",
        "b'iVBORw0KGgo='",
    ],
)
def test_what_is_no_base64_is_refused_by_its_field(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        from_base64(text)
    body = json.dumps({"id_image_b64": FORMS["data URL"], "face_image_b64": text}).encode()
    with pytest.raises(InvalidField, match="face_image_b64 is not base64"):
        decode_json(body.replace(b"\\ud800", b"\\u00e9"), DocIdVerify)


@given(st.binary(max_size=100), st.sampled_from(list(FORMS)))
def test_what_was_encoded_is_decoded(data: bytes, form: str) -> None:
    text = FORMS[form]
    plain = base64.b64encode(data).decode()
    if "alphabet" in form:
        plain = base64.urlsafe_b64encode(data).decode().rstrip("=")
    header, comma, _ = text.rpartition(",")
    assert from_base64(header + comma + plain) == data


@given(st.text())
def test_any_text_gives_bytes_or_a_value_error(text: str) -> None:
    try:
        assert isinstance(from_base64(text), bytes)
    except ValueError:
        return


def test_fields_deep_in_a_policy_are_read_the_same_way() -> None:
    reference = base64.urlsafe_b64encode(b"\xff" * 64).decode().rstrip("=")
    body = {
        "streams": ["face"],
        "policy": {"identity": {"reference_embedding_b64": reference, "period_s": 2}},
    }
    identity = decode_json(json.dumps(body).encode(), SessionSpec).policy.identity
    assert identity is not None
    assert (identity.reference_embedding_b64, identity.period_s) == (b"\xff" * 64, 2.0)


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("data:;base64,AAAA", "policy.identity.reference_embedding_b64 must be"),
        ("data:;base64,A", "policy.identity.reference_embedding_b64 is not base64"),
    ],
)
def test_a_wrong_field_deep_in_a_policy_is_named(reference: str, told: str) -> None:
    body = {"policy": {"identity": {"reference_embedding_b64": reference}}}
    with pytest.raises(InvalidField, match=re.escape(told)):
        decode_json(json.dumps(body).encode(), SessionSpec)


def test_messages_of_a_websocket_are_read_the_same_way() -> None:
    body = {"type": "video_frame", "data_b64": FORMS["data URL with percent signs"], "ts": 1}
    assert decode_json(json.dumps(body).encode(), TimedMedia, whole="the message").data_b64 == DATA


@pytest.mark.parametrize("more", [{"more": 1}, {"session": 5}])
def test_other_mistakes_are_told_as_ever(more: dict[str, Any]) -> None:
    body = {"image_b64": FORMS["data URL"], **more}
    with pytest.raises(InvalidField, match="is not known"):
        decode_json(json.dumps(body).encode(), FaceEmbed)


def test_a_body_that_would_unfold_is_not_read_twice() -> None:
    body = b'{"image_b64": "A", "more": [' + b"[]," * MOST_VALUES + b"0]}"
    with pytest.raises(InvalidField, match="image_b64 is not base64"):
        decode_json(body, FaceEmbed)
