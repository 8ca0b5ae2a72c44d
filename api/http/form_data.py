"""``multipart/form-data`` (RFC 7578) to its parts. Pure; bounded by ``MOST_PARTS`` and ``LONGEST_HEAD``."""

import re
from typing import NamedTuple

from argusd.scheduler.contract.errors import MalformedBody

MOST_PARTS = 32
LONGEST_HEAD = 2048  # of one part
PARAMETER = re.compile(r';\s*([\w*!#$%&\'+.^`|~-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;"]*)\s*', re.ASCII)
AS_IT_IS = ("binary", "8bit", "7bit")
NOT_A_FORM = "The body is no valid multipart/form-data"


class Part(NamedTuple):
    """One field of a form. ``is_file``: it came with the name of a file."""

    name: str
    data: bytes
    is_file: bool


def form_parts(body: bytes, content_type: str) -> list[Part]:
    """The parts of a body, of which its head said ``content_type``.

    Raises:
        MalformedBody: it is no form, ends before its last boundary, or has too many parts.
    """
    boundary = parameters(content_type).get("boundary")
    if not boundary:
        raise MalformedBody(f"{NOT_A_FORM}: its Content-Type names no boundary.")
    mark = b"\r\n--" + boundary.encode("utf-8", "surrogateescape")
    _, *pieces = (b"\r\n" + body).split(mark, MOST_PARTS + 1)
    if len(pieces) > MOST_PARTS and not pieces[-1].startswith(b"--"):
        raise MalformedBody(f"{NOT_A_FORM}: it has more than {MOST_PARTS} parts.")
    if not pieces or not pieces[-1].startswith(b"--"):
        raise MalformedBody(f"{NOT_A_FORM}: it ends before its last boundary.")
    return [_part(piece) for piece in pieces[:-1]]


def parameters(header: str) -> dict[str, str]:
    """The parameters of a header's value, by their names in small letters."""
    found: dict[str, str] = {}
    at = header.find(";")
    while at >= 0 and (pair := PARAMETER.match(header, at)):
        name, value = pair.groups()
        quoted = value.startswith('"')
        found.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", value[1:-1]) if quoted else value)
        at = pair.end()
    return found


def _part(piece: bytes) -> Part:
    head, ends, data = piece[:LONGEST_HEAD].partition(b"\r\n\r\n")
    first, *lines = head.decode("utf-8", "replace").split("\r\n")
    if not ends or first.strip(" \t"):
        raise MalformedBody(f"{NOT_A_FORM}: a part has no head, or one that is too long.")
    told = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    kind = told.get("content-disposition", "")
    names = parameters(kind)
    if kind.partition(";")[0].strip().lower() != "form-data" or "name" not in names:
        raise MalformedBody(f"{NOT_A_FORM}: a part has no name.")
    if told.get("content-transfer-encoding", "binary").lower() not in AS_IT_IS:
        raise MalformedBody(f"{NOT_A_FORM}: a part has a Content-Transfer-Encoding, which no part may have.")
    is_file = "filename" in names or "filename*" in names
    return Part(names["name"], data + piece[LONGEST_HEAD:], is_file)
