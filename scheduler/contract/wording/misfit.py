"""Why something sent does not fit the type it should have: which field, and what that may be.

msgspec says where and what kind of fault; the rest is read from the type itself, so that no sentence repeats
a list. Of what was sent only names of fields are repeated, cut to a sane length.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect

from ..names import LONGEST, nearest
from .in_words import Type, choices, describe, field_names, members

FAULT = re.compile(r"(?P<problem>.*?)(?: - at `(?:key` in `)?\$(?P<path>[^`]*)`)?", re.DOTALL)
STEP = re.compile(r"\.([^.\[]+)|\[([^\]]*)\]")
UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
MISSING = re.compile(r"Object missing required field `(.*)`")
NO_CHOICE = re.compile(r"Invalid (?:enum )?value '(.*)'", re.DOTALL)
OURS = re.compile(r"(?!Expected |Invalid |Integer |Object |Number |Duplicate |Can't )")
MOST_PLACES = 3  # where a name that is known elsewhere is said to belong
HOLDS = "holds"  # of a ``Meta(extra=...)``: the structs that an undecoded value may be


class Sent(NamedTuple):
    """What was sent: the type it should have, the value as JSON or TOML has it (None: not known), where it
    stands in a whole, and what that is called."""

    kind: Type
    value: object
    at: str
    whole: str

    def name(self, path: str) -> str:
        """What sentences call the value at a path in it."""
        return f"{self.at}{path}".lstrip(".") or self.whole


class Misfit(NamedTuple):
    """What is wrong with a ``value``. ``field``: the one of it that is unknown or missing, if that is the
    fault. ``problem``: a predicate of value or field; a whole sentence where ``value`` is empty."""

    value: str
    field: str | None
    problem: str

    def of_key(self) -> str:
        """About a configuration, whose values go by their keys."""
        key = f"{self.value}.{self.field}".lstrip(".") if self.field is not None else self.value
        problem = re.sub(r"(?<=must be )null, or |, or null(?=;|$)", "", self.problem)  # TOML has none
        return f"{key} {problem}".lstrip()

    def __str__(self) -> str:
        if not self.value:
            return _ended(self.problem)
        if self.field is not None:
            return _ended(f"The field {self.field} of {self.value} {self.problem}")
        return _ended(f"The value of {self.value} {self.problem}")


def explain(
    error: msgspec.ValidationError, kind: Any, value: object, at: str = "", whole: str = "the body"
) -> Misfit:
    """What is wrong with ``value``, which ``error`` says is no ``kind``; see ``Sent``."""
    fault = FAULT.fullmatch(str(error))
    assert fault is not None
    sent = Sent(inspect.type_info(kind), value, at, whole)
    problem, path = fault["problem"], fault["path"] or ""
    there = _at(sent.kind, path)
    if there is None:  # part of a sender's name looks like a path
        return Misfit(sent.name(""), None, "has a field that is not known")
    if unknown := UNKNOWN.fullmatch(problem):
        return Misfit(sent.name(path), shown(unknown[1]), _unknown(unknown[1], sent, path, there))
    if missing := MISSING.fullmatch(problem):
        wanted = _at(there, f".{missing[1]}") or inspect.AnyType()
        return Misfit(sent.name(path), missing[1], f"is missing; it must be {describe(wanted)}")
    if OURS.match(problem):
        return Misfit("", None, problem)
    if "base64" in problem:
        encoded = next(each for each in members(there) if isinstance(each, inspect.BytesType))
        return Misfit(sent.name(path), None, f"is not {describe(encoded)}")
    asked = NO_CHOICE.fullmatch(problem)
    near = nearest(asked[1], choices(there)) if asked else None
    return Misfit(sent.name(path), None, f"must be {describe(there)}{_meant(near)}")


def shown(name: str) -> str:
    """A sender's name as it may stand in a sentence or a log."""
    clean = "".join(character if character.isprintable() else "\ufffd" for character in name[:LONGEST])
    return clean if len(name) <= LONGEST else f"{clean}…"


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?")) else f"{sentence}."


def _meant(name: str | None) -> str:
    return f"; did you mean {name}?" if name else ""


def _unknown(name: str, sent: Sent, path: str, there: Type) -> str:
    given = _value_at(sent.value, path)
    known = field_names(_tagged(there, given))
    free = [each for each in known if not (isinstance(given, dict) and each in given)]
    elsewhere = [sent.name(f".{place}".rstrip(".")) for place in _places(sent.kind, name)]
    if 0 < len(elsewhere) <= MOST_PLACES:
        return f"is not known; it is a field of {' and of '.join(elsewhere)}"
    listed = f"{'Known are' if len(known) > 1 else 'Known is'} {', '.join(known)}"
    if near := nearest(name, free) or _only_lacking(there, given):
        return f"is not known{_meant(near)} {listed}"
    return f"is not known. {listed}"


def _tagged(there: Type, given: object) -> Type:
    """Of several objects that a value may be the one that it says it is; else all of them."""
    structs = [each for each in members(there) if isinstance(each, inspect.StructType) and each.tag_field]
    said = [each for each in structs if isinstance(given, dict) and given.get(each.tag_field) == each.tag]
    return said[0] if said else there


def _only_lacking(there: Type, given: object) -> str | None:
    """The one field that was not given though it must be: what is sent in its place most likely means it."""
    if not isinstance(given, dict):
        return None
    lacking = [
        field.encode_name
        for each in members(there)
        if isinstance(each, inspect.StructType)
        for field in each.fields
        if field.required and field.encode_name not in given
    ]
    return lacking[0] if len(lacking) == 1 else None


def _places(kind: Type, name: str, path: str = "") -> Iterator[str]:
    """Paths of the objects in ``kind`` that have a field of this name; the empty one is ``kind`` itself."""
    for held in _held(kind):
        if name in field_names(held):
            yield path
            return
    for each in members(kind):
        if isinstance(each, inspect.StructType):
            if name in field_names(each):
                yield path
            for field in each.fields:
                yield from _places(field.type, name, f"{path}.{field.encode_name}".lstrip("."))


def _held(kind: Type) -> list[Type]:
    extra = (kind.extra or {}) if isinstance(kind, inspect.Metadata) else {}
    return [inspect.type_info(each) for each in extra.get(HOLDS, ())]


def _at(kind: Type, path: str) -> Type | None:
    """The type of the value at a path; None where the path leads nowhere."""
    for field, index in STEP.findall(path):
        inside = next(_inside(kind, field, index), None)
        if inside is None:
            return None
        kind = inside
    return kind


def _inside(kind: Type, field: str, index: str) -> Iterator[Type]:
    structs = [each for each in members(kind) if isinstance(each, inspect.StructType)]
    if tags := sorted(str(each.tag) for each in structs if field and each.tag_field == field):
        yield inspect.LiteralType(tuple(tags))
    for each in members(kind):
        match each:
            case inspect.StructType() if field:
                yield from (known.type for known in each.fields if known.encode_name == field)
            case inspect.DictType() if index:
                yield each.value_type
            case inspect.VarTupleType() | inspect.ListType() if index:
                yield each.item_type
            case inspect.TupleType() if index.isdecimal() and int(index) < len(each.item_types):
                yield each.item_types[int(index)]


def _value_at(given: object, path: str) -> object:
    for field, index in STEP.findall(path):
        if isinstance(given, dict) and field:
            given = given.get(field)
        elif isinstance(given, list) and index.isdecimal() and int(index) < len(given):
            given = given[int(index)]
        else:
            return None
    return given
