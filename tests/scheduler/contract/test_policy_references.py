"""Reference embeddings in a policy: taken in, compared, never shown."""

import base64
import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import given

from argusd.scheduler.contract.errors import NoReference
from argusd.scheduler.contract.policy import TOO_SHORT, Policy, with_references, without_references

from ...json_values import values

REFERENCE = base64.b64encode(bytes(64)).decode()
GIVEN = {
    "identity": {"reference_embedding_b64": REFERENCE, "threshold": 0.5},
    "second_speaker": {"reference_embedding_b64": REFERENCE},
}


def test_what_is_shown_of_a_policy_holds_no_embedding() -> None:
    policy = msgspec.convert(GIVEN, Policy)
    shown = msgspec.json.encode(without_references(policy))
    assert REFERENCE.encode() not in shown
    assert b'"threshold":0.5' in shown
    assert policy.identity is not None
    assert policy.identity.reference_embedding_b64 == bytes(64)


@given(values(Policy))
def test_what_is_shown_can_be_asked_for_again_and_changes_nothing(asked: Any) -> None:
    policy = with_references(msgspec.convert(asked, Policy), Policy())
    shown = msgspec.json.encode(without_references(policy))
    assert with_references(msgspec.json.decode(shown, type=Policy), policy) == policy


@pytest.mark.parametrize("size", [0, 1, 3, 15, 16, 17, 64])
def test_the_schema_refuses_those_that_are_too_short(size: int) -> None:
    sent = base64.b64encode(bytes(size)).decode()
    refused = TOO_SHORT["minLength"] <= len(sent) <= TOO_SHORT["maxLength"]
    with pytest.raises(msgspec.ValidationError) if refused else contextlib.nullcontext():
        msgspec.convert({"identity": {"reference_embedding_b64": sent}}, Policy)


@pytest.mark.parametrize("part", ["identity", "second_speaker"])
def test_no_reference_is_kept_where_there_is_none(part: str) -> None:
    empty = msgspec.convert({part: {"reference_embedding_b64": ""}}, Policy)
    with pytest.raises(NoReference, match=f"policy.{part}"):
        with_references(empty, Policy())


@pytest.mark.parametrize("part", ["identity", "second_speaker"])
def test_what_is_too_short_is_no_reference(part: str) -> None:
    short = {part: {"reference_embedding_b64": base64.b64encode(bytes(15)).decode()}}
    with pytest.raises(msgspec.ValidationError, match=f"policy.{part}.reference_embedding_b64"):
        msgspec.convert(short, Policy)


def test_a_policy_without_references_is_shown_as_it_is() -> None:
    assert without_references(Policy()) == Policy()
