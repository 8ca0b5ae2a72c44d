"""Every field of every body that callers send: what does not fit is named, with what it may be."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect

from argusd.api.http.envelope import decode_json
from argusd.api.routes.table import ROUTES
from argusd.api.streams.timed import TimedMedia
from argusd.api.tasks.infer import InferRequest
from argusd.scheduler.contract.catalog import TASKS
from argusd.scheduler.contract.errors import InvalidField, MalformedBody
from argusd.scheduler.contract.sessions import SessionSpec
from argusd.scheduler.contract.tasks.rooms import VideoRoomScan
from argusd.scheduler.contract.wording.in_words import members

BODIES = [route.body for route in ROUTES if isinstance(route.body, type)]
PAYLOADS = [task.payload for task in TASKS.values()]
KINDS: list[type] = list(dict.fromkeys([*PAYLOADS, *BODIES, SessionSpec, TimedMedia]))


class Place(NamedTuple):
    """A field somewhere in a body: the type it is declared with, and the way there."""

    body: type
    steps: tuple[str, ...]
    kind: inspect.Type

    def __str__(self) -> str:
        return f"{self.body.__name__}.{'.'.join(self.steps)}"

    def holding(self, value: object) -> bytes:
        """A body that is right but for this value."""
        whole = example(inspect.type_info(self.body))
        at, kind = whole, inspect.type_info(self.body)
        for step in self.steps[:-1]:
            kind = next(field.type for field in struct(kind).fields if field.encode_name == step)
            at = at.setdefault(step, example(struct(kind)))
        at[self.steps[-1]] = value
        return json.dumps(whole).encode()


def struct(kind: inspect.Type) -> inspect.StructType:
    (found,) = (each for each in members(kind) if isinstance(each, inspect.StructType))
    return found


def example(kind: inspect.Type) -> Any:
    """A right value of a type: the least."""
    for each in members(kind):
        match each:
            case inspect.StructType():
                return {field.encode_name: example(field.type) for field in each.fields if field.required}
            case inspect.BytesType():
                return "A" * 4 * (((each.min_length or 0) + 2) // 3)
            case inspect.IntType() | inspect.FloatType():
                return next((b for b in (each.ge, each.le) if b is not None), (each.gt or 0) + 1)
            case inspect.LiteralType():
                return each.values[0]
            case inspect.RawType():
                return {}
            case inspect.VarTupleType(min_length=int(least)):
                return least * [example(each.item_type)]
            case inspect.StrType(pattern=str(pattern)):
                return next(text for text in ("a", "/a") if re.search(pattern, text))
    return "a"


def places(body: type, kind: inspect.Type, steps: tuple[str, ...] = ()) -> Iterator[Place]:
    for each in members(kind):
        if isinstance(each, inspect.StructType):
            for field in each.fields:
                here = (*steps, field.encode_name)
                yield Place(body, here, field.type)
                yield from places(body, field.type, here)


PLACES = [place for kind in KINDS for place in places(kind, inspect.type_info(kind))]
TYPED = [place for place in PLACES if not any(isinstance(t, inspect.RawType) for t in members(place.kind))]
NUMBERS = (inspect.IntType, inspect.FloatType)


def bounds(kind: inspect.Type) -> Iterator[tuple[float, float]]:
    """Each bound of a number, and a value beyond it."""
    for each in members(kind):
        if isinstance(each, NUMBERS):
            yield from ((b, b - 1) for b in (each.ge, each.gt) if b is not None)
            yield from ((b, b + 1) for b in (each.le, each.lt) if b is not None)


def refusal(body: bytes, kind: type) -> str:
    with pytest.raises(InvalidField) as caught:
        decode_json(body, kind)
    return str(caught.value)


@pytest.mark.parametrize("place", TYPED, ids=str)
def test_a_value_of_the_wrong_type(place: Place) -> None:
    wrong: object = 5 if any(isinstance(t, inspect.StructType) for t in members(place.kind)) else {"a": 1}
    said = refusal(place.holding(wrong), place.body)
    assert said.startswith(f"The value of {'.'.join(place.steps)} must be ")
    for each in members(place.kind):
        for words in expected(each):
            assert words in said


def expected(kind: inspect.Type) -> list[str]:
    """What has to be said of a type, whatever the words around it."""
    match kind:
        case inspect.IntType():
            return ["a whole number"]
        case inspect.FloatType():
            return ["a number"]
        case inspect.BytesType():
            return ["base64"]
        case inspect.BoolType():
            return ["true or false"]
        case inspect.NoneType():
            return ["null"]
        case inspect.LiteralType():
            return [str(value) for value in kind.values]
        case inspect.StructType():
            return [field.encode_name for field in kind.fields]
        case inspect.VarTupleType():
            return ["an array", *expected(kind.item_type)]
    return []


@pytest.mark.parametrize("place", [p for p in PLACES if any(bounds(p.kind))], ids=str)
def test_a_number_out_of_its_range(place: Place) -> None:
    for bound, beyond in bounds(place.kind):
        said = refusal(place.holding(beyond), place.body)
        assert said.startswith(f"The value of {'.'.join(place.steps)} must be ")
        assert f"{bound:.12g}" in said


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_name_with_a_letter_too_many(place: Place) -> None:
    name = f"{place.steps[-1]}s"
    misnamed = Place(place.body, (*place.steps[:-1], name), place.kind)
    said = refusal(misnamed.holding(example(place.kind)), place.body)
    where = ".".join(place.steps[:-1]) or "the body"
    assert said.startswith(f"The field {name} of {where} is not known")
    assert place.steps[-1] in said


@pytest.mark.parametrize("place", [p for p in PLACES if len(p.steps) == 1], ids=str)
def test_a_field_that_is_missing(place: Place) -> None:
    whole = json.loads(place.holding(example(place.kind)))
    del whole[place.steps[0]]
    if place.steps[0] in example(inspect.type_info(place.body)):
        said = refusal(json.dumps(whole).encode(), place.body)
        assert said.startswith(f"The field {place.steps[0]} of the body is missing; it must be ")


VERIFY = TASKS["doc_id_verify"].payload


@pytest.mark.parametrize(
    ("kind", "sent", "sentence"),
    [
        (
            VideoRoomScan,
            {"scan_id": "no spaces"},
            "The value of scan_id must be 1 to 128 letters, digits or _ . : -, not just dots.",
        ),
        (
            TASKS["face_embed"].payload,
            {"image": "aaaa"},
            "The field image of the body is not known; did you mean image_b64? Known is image_b64.",
        ),
        (
            TASKS["response_moderate"].payload,
            {"transcript": "x"},
            "The field transcript of the body is not known; did you mean text?"
            " Known are text, partial, llm_profile, proxyllm_url.",
        ),
        (
            TASKS["plagiarism_analyze"].payload,
            {"text": "x"},
            "The field text of the body is not known; did you mean transcript?"
            " Known are transcript, question, llm_profile, proxyllm_url.",
        ),
        (
            VERIFY,
            {"id_image_b64": "aaaa", "image_b64": "aaaa"},
            "The field image_b64 of the body is not known; did you mean face_image_b64?"
            " Known are id_image_b64, face_image_b64, language, threshold.",
        ),
        (
            SessionSpec,
            {"streams": ["audio", "faces"]},
            "The value of streams[1] must be one of audio, face, lipsync, video; did you mean face?",
        ),
        (
            SessionSpec,
            {"gaze_away": {}},
            "The field gaze_away of the body is not known; it is a field of policy.",
        ),
        (
            SessionSpec,
            {"policy": {"horizontal": 0.2}},
            "The field horizontal of policy is not known; it is a field of policy.gaze_away.",
        ),
        (
            SessionSpec,
            {"policy": {"streams": []}},
            "The field streams of policy is not known; it is a field of the body.",
        ),
        (
            InferRequest,
            {"session_id": "s", "task_type": "face_embed", "image_b64": "aaaa"},
            "The field image_b64 of the body is not known; it is a field of payload.",
        ),
        (SessionSpec, [], "The value of the body must be an object with the fields streams, policy."),
    ],
)
def test_the_sentence(kind: type, sent: object, sentence: str) -> None:
    assert refusal(json.dumps(sent).encode(), kind) == sentence


def test_the_path_begins_where_the_value_was_found() -> None:
    with pytest.raises(InvalidField, match=r"^The value of payload\.scan_id must be "):
        decode_json(b'{"scan_id": 5}', VideoRoomScan, at="payload")
    with pytest.raises(InvalidField, match=r"^The value of payload must be "):
        decode_json(b"[]", VideoRoomScan, at="payload")


def test_values_are_not_repeated() -> None:
    secret = "c2VjcmV0IGJpb21ldHJ5"
    for place in TYPED:
        with pytest.raises(InvalidField) as caught:
            decode_json(place.holding([secret, {secret: 1}]), place.body)
        assert secret not in str(caught.value)


@given(st.text(min_size=1))
def test_any_name_can_be_told(name: str) -> None:
    try:
        sent = json.dumps({name: 1}).encode()
    except UnicodeEncodeError:
        return
    if name in ("streams", "policy"):
        return
    try:
        said = refusal(sent, SessionSpec)
    except MalformedBody:
        return  # half of a surrogate pair
    assert said.isprintable()
    assert len(said) < 250


def test_a_name_that_imitates_a_path_changes_nothing() -> None:
    assert (
        refusal(b'{"x` - at `$.evil": 1}', SessionSpec)
        == "The value of the body has a field that is not known."
    )
