"""Base64 as people send it (RFC 4648), to bytes.

Taken besides the plain form: data URLs (RFC 2397), the alphabet of URLs (section 5), line breaks and blanks
(as MIME breaks lines, RFC 2045 6.8), percent signs of forms and URLs, and padding that is left out.
"""

import binascii
import re
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

import msgspec

DATA_URL, DATA_URL_ENCODING = "data:", ";base64"
LONGEST_HEADER = 1024  # of a data URL: its media type and parameters
PLAIN = bytes.maketrans(b"-_", b"+/")
BLANKS = b" \t\r\n\f\v"
FIELD_ENDS = "_b64"
# As msgspec says it.
NOT_BASE64 = "Invalid base64 encoded string"
NOT_WHOLE = "Expected `int"
LEFT_AS_TEXT = re.compile(r"Expected `bytes[^`]*`, got `str`")

Kind = TypeVar("Kind")


def from_base64(text: str) -> bytes:
    """The bytes that a text in base64 stands for.

    Raises:
        ValueError: it is none.
    """
    coded = text[_data_begins(text) :].encode("ascii")
    if b"%" in coded:
        coded = unquote_to_bytes(coded)
    coded = coded.translate(PLAIN, BLANKS)
    if not coded.endswith(b"="):
        coded += b"=" * (-len(coded) % 4)
    return binascii.a2b_base64(coded, strict_mode=True)


def _data_begins(text: str) -> int:
    """Where the data of a data URL begin; 0 for any other text."""
    begin = text[:LONGEST_HEADER].lstrip()
    if begin[: len(DATA_URL)].lower() != DATA_URL:
        return 0
    header, comma, _ = begin.partition(",")
    if not comma or not header.replace(" ", "").lower().endswith(DATA_URL_ENCODING):
        raise ValueError("a data URL that is not in base64")
    return text.index(",") + 1


def with_bytes(value: Any, kind: type[Kind], *, strict: bool = True) -> Kind:
    """JSON values as ``kind``, with bytes for every text in base64 whose field's name ends in ``_b64``.

    JSON has one kind of number, so that 5.0 is 5 as well. Not ``strict``: all values came as texts.

    Raises:
        msgspec.ValidationError: they do not fit; where a text is not base64, as msgspec words that.
    """
    try:
        return msgspec.convert(_with_bytes(value), kind, strict=strict, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise msgspec.ValidationError(LEFT_AS_TEXT.sub(NOT_BASE64, str(error))) from error


def _with_bytes(value: Any) -> Any:
    """Changed in place. What is not base64 stays a text."""
    if isinstance(value, dict):
        for name, inner in value.items():
            coded = name.endswith(FIELD_ENDS) and isinstance(inner, str)
            value[name] = _bytes_or_text(inner) if coded else _with_bytes(inner)
    elif isinstance(value, list):
        value[:] = map(_with_bytes, value)
    elif isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _bytes_or_text(text: str) -> bytes | str:
    try:
        return from_base64(text)
    except ValueError:
        return text
