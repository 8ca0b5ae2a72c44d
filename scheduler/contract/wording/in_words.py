"""What a msgspec type takes, in words for who sent something else. Whatever is said follows from the type.

A ``Meta(description=...)`` is said in place of what it describes: a pattern in words.
"""

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any

from msgspec import inspect

Type = inspect.Type
Items = inspect.VarTupleType | inspect.ListType | inspect.SetType | inspect.FrozenSetType


def describe(kind: Type) -> str:
    """What a value of the type may be; fits behind "must be"."""
    match kind:
        case inspect.Metadata():
            described = (kind.extra_json_schema or {}).get("description")
            return described or describe(kind.type)
        case inspect.UnionType():
            return _either([describe(each) for each in sorted(kind.types, key=_is_null)])
        case inspect.IntType():
            return f"a whole number{_range(kind)}"
        case inspect.FloatType():
            return f"a number{_range(kind)}"
        case inspect.StrType():
            return _text(kind)
        case inspect.BytesType():
            return f"base64{_length(kind, 'bytes')}"
        case inspect.LiteralType():
            return f"one of {', '.join(map(str, kind.values))}"
        case inspect.StructType():
            return f"an object with {_fields(kind)}"
        case inspect.DictType():
            return f"an object whose values are each {describe(kind.value_type)}"
        case inspect.VarTupleType() | inspect.ListType() | inspect.SetType() | inspect.FrozenSetType():
            return f"an array{_length(kind, 'items')}, each {describe(kind.item_type)}"
        case inspect.TupleType():
            return f"an array of {len(kind.item_types)}: {', '.join(map(describe, kind.item_types))}"
        case inspect.CustomType(cls=cls) if issubclass(cls, PurePath):
            return "a path, which may begin with ~"
    return _SIMPLE.get(type(kind), "a JSON value")


def members(kind: Type) -> Iterator[Type]:
    """The types that a value may have, without what only annotates them."""
    if isinstance(kind, inspect.Metadata):
        yield from members(kind.type)
    elif isinstance(kind, inspect.UnionType):
        for each in kind.types:
            yield from members(each)
    else:
        yield kind


def field_names(kind: Type) -> list[str]:
    """The fields of the objects that a value may be."""
    structs = [each for each in members(kind) if isinstance(each, inspect.StructType)]
    return [*dict.fromkeys(name for each in structs for name in _names(each))]


def choices(kind: Type) -> list[str]:
    """What an enumeration allows."""
    return [
        str(value) for each in members(kind) if isinstance(each, inspect.LiteralType) for value in each.values
    ]


_SIMPLE: dict[type, str] = {
    inspect.BoolType: "true or false",
    inspect.NoneType: "null",
    inspect.CustomType: "text",  # a path, in configurations
    inspect.RawType: "an object",
}


def _is_null(kind: Type) -> bool:
    return isinstance(kind, inspect.NoneType)


def _either(phrases: Sequence[str]) -> str:
    """The last one is null, if any is; behind a list it would seem to be of it."""
    if phrases[-1] == "null" and any("," in phrase for phrase in phrases):
        phrases = [phrases[-1], *phrases[:-1]]
    return ", or ".join(phrases)


def _names(kind: inspect.StructType) -> list[str]:
    """The fields, that which tells the kind first."""
    tag = [kind.tag_field] if kind.tag_field else []
    return [*tag, *(field.encode_name for field in kind.fields)]


def _fields(kind: inspect.StructType) -> str:
    names = _names(kind)
    return f"the fields {', '.join(names)}" if len(names) > 1 else f"the field {', '.join(names)}"


def _text(kind: inspect.StrType) -> str:
    if kind.pattern:
        return f"text that matches {kind.pattern}"
    return f"text{_length(kind, 'characters')}"


def _range(kind: inspect.IntType | inspect.FloatType) -> str:
    if kind.ge is not None and kind.le is not None:
        return f" from {_number(kind.ge)} to {_number(kind.le)}"
    bounds = {"at least": kind.ge, "above": kind.gt, "at most": kind.le, "below": kind.lt}
    said = [f"{word} {_number(bound)}" for word, bound in bounds.items() if bound is not None]
    return f" {' and '.join(said)}" if said else ""


def _length(kind: Any, unit: str) -> str:
    least, most = kind.min_length, kind.max_length
    if least and most is not None:
        return f" of {least} to {most} {unit}"
    if most is not None:
        return f" of at most {most} {unit}"
    return f" of at least {least} {unit}" if least else ""


def _number(bound: float) -> str:
    return f"{bound:.12g}"
