"""How a task's fields are described where they come beside JSON; see ``tasks/uploads.py``."""

from functools import reduce
from operator import or_
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import msgspec

from ..http.base64_text import FIELD_ENDS
from ..tasks.uploads import FORM, files, whole_body
from .references import Json
from .schemas import schema_of

FILE: Json = {"type": "string", "contentMediaType": "application/octet-stream"}


def uploads(kind: type[msgspec.Struct]) -> Json:
    """The contents of a request beside JSON, by media type."""
    if not files(kind):
        return {}
    file, media_types = whole_body(kind)
    others = ", ".join(field.name for field in msgspec.structs.fields(kind) if field.name != file)
    told = f"The field {file} as it is; the others stand in the query: {others}."
    whole = {
        each: {"schema": {"type": "string", "contentMediaType": each, "description": told}}
        for each in media_types
    }
    return {FORM: {"schema": form(kind)}} | whole


def form(kind: type[msgspec.Struct]) -> Json:
    """A form: fields that are base64 in JSON are files here, under a name without the ending."""
    fields = msgspec.structs.fields(kind)
    return {
        "type": "object",
        "properties": dict(_part(field) for field in fields),
        "required": [_part(field)[0] for field in fields if field.required],
        "additionalProperties": False,
    }


def _part(field: msgspec.structs.FieldInfo) -> tuple[str, Json]:
    if field.name.endswith(FIELD_ENDS):
        return field.name.removesuffix(FIELD_ENDS), FILE
    return field.name, schema_of(_not_null(field.type))


def _not_null(kind: Any) -> Any:
    """The type without None: a part cannot say it, it is left out."""
    if get_origin(kind) not in (Union, UnionType):
        return kind
    return reduce(or_, (each for each in get_args(kind) if each is not NoneType))
