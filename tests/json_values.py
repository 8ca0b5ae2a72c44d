"""JSON that a msgspec type takes, for properties."""

import base64
from typing import Any

from hypothesis import strategies as st
from msgspec import inspect

LONGEST = 100  # bytes and characters; types allow more
LEAST_BYTES = 16  # what every field of bytes takes


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Any JSON value of this type."""
    return _values(inspect.type_info(kind))


def _values(kind: inspect.Type) -> st.SearchStrategy[Any]:
    match kind:
        case inspect.Metadata():
            return _values(kind.type)
        case inspect.UnionType():
            return st.one_of([_values(each) for each in kind.types])
        case inspect.StructType():
            needed = {field.encode_name: _values(field.type) for field in kind.fields if field.required}
            others = {field.encode_name: _values(field.type) for field in kind.fields if not field.required}
            return st.fixed_dictionaries(needed, optional=others)
        case inspect.BoolType():
            return st.booleans()
        case inspect.NoneType():
            return st.none()
        case inspect.IntType():
            return st.integers(kind.ge, kind.le)
        case inspect.FloatType():
            return st.floats(kind.ge, kind.le, exclude_min=False, allow_nan=False).filter(
                lambda value: kind.gt is None or value > kind.gt
            )
        case inspect.StrType():
            return st.from_regex(kind.pattern, fullmatch=True) if kind.pattern else st.text(max_size=LONGEST)
        case inspect.BytesType():
            return st.binary(min_size=LEAST_BYTES, max_size=LONGEST).map(_base64)
        case inspect.LiteralType():
            return st.sampled_from(kind.values)
        case inspect.VarTupleType():
            return st.lists(_values(kind.item_type), min_size=kind.min_length or 0, max_size=LONGEST)
    raise NotImplementedError(kind)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
