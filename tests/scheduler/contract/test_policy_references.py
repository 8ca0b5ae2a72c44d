"""Reference embeddings in a policy: taken in, compared, never shown."""

import base64

import msgspec
import pytest

from argusd.scheduler.contract.policy import Policy, without_references

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


def test_what_was_shown_cannot_be_taken_for_a_reference() -> None:
    shown = msgspec.json.encode(without_references(msgspec.convert(GIVEN, Policy)))
    with pytest.raises(msgspec.ValidationError, match="reference_embedding_b64"):
        msgspec.json.decode(shown, type=Policy)


def test_a_policy_without_references_is_shown_as_it_is() -> None:
    assert without_references(Policy()) == Policy()
