"""The fields of a task as they may come beside JSON: files as they are, without base64.

A body that is a picture or a sound is the one field of its task that is such a file; the other fields stand
in the query. In a form each field is a part. A part for ``image_b64`` may be called ``image``: then, or where
it comes as a file, it is taken as it is. All of it becomes what the same JSON would have become, with the
same limits and errors.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple, TypeVar

import msgspec
from aiohttp import web
from msgspec import inspect

from argusd.scheduler.contract.errors import InvalidField, WrongContentType
from argusd.scheduler.contract.tasks.spec import media_types
from argusd.scheduler.contract.wording.misfit import explain, shown

from ..connections.bodies import read_body
from ..http.base64_text import FIELD_ENDS, with_bytes
from ..http.envelope import decode_json
from ..http.form_data import form_parts

JSON, FORM = "application/json", "multipart/form-data"

Body = TypeVar("Body", bound=msgspec.Struct)
Field = tuple[str, str | bytes]


class File(NamedTuple):
    """A field that is a file, and as which media types it may be sent."""

    field: str
    media_types: tuple[str, ...]


async def read_fields(request: web.Request, kind: type[Body], limit: int) -> Body:
    """The request's body, and its query where the body is one file, as ``kind``.

    Raises:
        WrongContentType: it comes as something else.
        MalformedBody, InvalidField: see ``decode_json``; or the form is none.
        ServiceError: see ``connections.room.Body.read``.
    """
    body = await read_body(request, limit)
    sent = request.content_type
    file = whole_body(kind)
    if sent == FORM and files(kind):
        return _of(kind, _form_fields(kind, body, request.headers["Content-Type"]))
    if sent == JSON or (not body and sent not in file.media_types):
        return decode_json(body or b"{}", kind)
    if sent not in file.media_types:
        raise WrongContentType(f"This path takes {', '.join(taken(kind))}.")
    # A plus sign of base64 is a blank in a query.
    query = ((name, text.replace(" ", "+") if _coded(name) else text) for name, text in request.query.items())
    return _of(kind, [(file.field, body), *query])


def taken(kind: type[msgspec.Struct]) -> list[str]:
    """The media types that bodies with these fields may have."""
    return [JSON, *([FORM] if files(kind) else []), *whole_body(kind).media_types]


@cache
def files(kind: type[msgspec.Struct]) -> list[File]:
    """The fields that are files."""
    described = inspect.type_info(kind)
    assert isinstance(described, inspect.StructType)
    found = [File(field.name, media_types(field.type)) for field in described.fields]
    return [each for each in found if each.media_types]


def whole_body(kind: type[msgspec.Struct]) -> File:
    """The field that may be the whole body: the only one that is a file; without media types if none is."""
    found = files(kind)
    return found[0] if len(found) == 1 else File("", ())


def _form_fields(kind: type[msgspec.Struct], body: bytes, content_type: str) -> Iterator[Field]:
    coded = {name.removesuffix(FIELD_ENDS): name for name in kind.__struct_fields__ if _coded(name)}
    for part in form_parts(body, content_type):
        name = coded.get(part.name, part.name)
        if _coded(name) and (part.is_file or name != part.name):
            yield name, part.data
        else:
            yield name, part.data.decode("utf-8", "replace")


def _coded(name: str) -> bool:
    return name.endswith(FIELD_ENDS)


def _of(kind: type[Body], fields: Iterable[Field]) -> Body:
    values: dict[str, str | bytes] = {}
    for name, value in fields:
        if name in values:
            raise InvalidField(f"The field {shown(name)} is there more than once.")
        values[name] = value
    try:
        return with_bytes(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidField(str(explain(error, kind, values, whole="the request"))) from error
