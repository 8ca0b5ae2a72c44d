import json
import time
from base64 import urlsafe_b64encode
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from argusd.api.access.grants import Grant
from argusd.api.access.session_tokens import ALGORITHM, TYPE, SessionTokens, header_of
from argusd.api.access.signing_keys import SigningKeys
from argusd.api.access.stamps import Stamps
from argusd.scheduler.contract.errors import Forbidden, InsufficientScope, Unauthorized

SCALARS = st.none() | st.booleans() | st.floats() | st.text()
JSON = st.recursive(SCALARS, lambda each: st.lists(each) | st.dictionaries(st.text(), each))


@pytest.fixture
def tokens(redis: Redis) -> SessionTokens:
    return SessionTokens(SigningKeys(redis), Stamps(redis), None)


async def read(tokens: SessionTokens, token: str) -> Grant:
    header = header_of(token)
    assert header is not None
    return await tokens.grant_of(token, header)


async def forged(redis: Redis, headers: dict[str, str] | None = None, **claims: Any) -> str:
    """Signed with the right key, whatever it says."""
    key = await SigningKeys(redis).newest()
    stamp = await Stamps(redis).of("s1")
    said = {"session_id": "s1", "scope": "publish", "exp": time.time() + 60, "stamp": stamp} | claims
    kept = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(kept, key.secret, ALGORITHM, {"typ": TYPE, "kid": key.name} | (headers or {}))


async def test_a_token_is_for_its_scopes_in_its_session(tokens: SessionTokens) -> None:
    grant = await read(tokens, await tokens.make("s1", ("publish", "watch"), time.time() + 60))
    grant.check_scope("publish")
    grant.check_session("s1")
    for scope in ("infer", "admin"):
        with pytest.raises(InsufficientScope):
            grant.check_scope(scope)
    for session_id in ("s2", None):
        with pytest.raises(Forbidden):
            grant.check_session(session_id)


async def test_a_page_that_comes_back_with_a_fresh_token_is_the_same_bearer(tokens: SessionTokens) -> None:
    first = await read(tokens, await tokens.make("s1", ("publish",), time.time() + 60))
    fresh = await read(tokens, await tokens.make("s1", ("publish", "watch"), time.time() + 90))
    other = await read(tokens, await tokens.make("s2", ("publish",), time.time() + 60))
    assert first.principal == fresh.principal != other.principal


async def test_a_token_ends_with_its_time(tokens: SessionTokens) -> None:
    with pytest.raises(Unauthorized, match="has expired"):
        await read(tokens, await tokens.make("s1", ("publish",), time.time() - 60))


async def test_a_token_ends_when_its_key_is_withdrawn(tokens: SessionTokens) -> None:
    token = await tokens.make("s1", ("publish",), time.time() + 60)
    await tokens.withdraw()
    with pytest.raises(Unauthorized, match="withdrawn"):
        await read(tokens, token)
    await read(tokens, await tokens.make("s1", ("publish",), time.time() + 60))
    with pytest.raises(Unauthorized, match="not valid"):
        await read(tokens, token)


async def test_a_token_ends_with_its_session(tokens: SessionTokens, redis: Redis) -> None:
    older = [await tokens.make(session_id, ("publish",), time.time() + 60) for session_id in ("s1", "s2")]
    await Stamps(redis).end("s1")
    fresh = await tokens.make("s1", ("publish",), time.time() + 60)
    with pytest.raises(Unauthorized, match="was deleted"):
        await read(tokens, older[0])
    assert [(await read(tokens, token)).session_id for token in (older[1], fresh)] == ["s2", "s1"]


@pytest.mark.parametrize(
    ("headers", "claims"),
    [
        ({}, {"exp": None}),
        ({}, {"session_id": None}),
        ({}, {"session_id": 7}),
        ({}, {"scope": ["publish"]}),
        ({}, {"stamp": None}),
        ({}, {"stamp": ""}),
        ({}, {"stamp": "another"}),
        ({"kid": "1"}, {}),
        ({"kid": "*"}, {}),
        ({"kid": ""}, {}),
    ],
)
async def test_a_token_that_we_would_not_make_is_none(
    tokens: SessionTokens, redis: Redis, headers: dict[str, str], claims: dict[str, Any]
) -> None:
    await read(tokens, await forged(redis))
    with pytest.raises(Unauthorized):
        await read(tokens, await forged(redis, headers, **claims))


async def test_one_that_claims_no_algorithm_or_another_is_none(tokens: SessionTokens, redis: Redis) -> None:
    key = await SigningKeys(redis).newest()
    claims = {"session_id": "s1", "scope": "publish", "exp": time.time() + 60}
    for algorithm, secret in (("none", ""), ("HS512", key.secret)):
        token = jwt.encode(claims, secret, algorithm, {"typ": TYPE, "kid": key.name})
        with pytest.raises(Unauthorized):
            await read(tokens, token)


async def test_a_token_that_was_changed_anywhere_is_none(tokens: SessionTokens) -> None:
    token = await tokens.make("s1", ("watch",), time.time() + 60)
    head, claims, signature = token.split(".")
    for changed in (
        f"{head}.{claims[1:]}.{signature}",
        f"{head}.{claims}.{signature[1:]}",
        f"{head}.{claims}",
        f"{head}.{claims}.\udcff",
    ):
        with pytest.raises(Unauthorized):
            await read(tokens, changed)


@given(JSON)
def test_no_header_but_our_own_is_taken_for_one(header: Any) -> None:
    first = urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    assert header_of(f"{first}.e30.x") is None


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "HS256", "typ": "JWT", "kid": "1"},
        {"alg": "HS256", "typ": TYPE},
        {"alg": "HS256", "typ": TYPE, "kid": "1", "crit": []},
        {"alg": "HS256", "typ": TYPE, "kid": 1},
    ],
)
def test_a_header_that_is_nearly_ours_is_not(header: Any) -> None:
    test_no_header_but_our_own_is_taken_for_one.hypothesis.inner_test(header)  # type: ignore[attr-defined]


@given(st.text(st.characters(codec=None)))
def test_no_text_is_too_strange_to_be_no_token(text: str) -> None:
    assert header_of(text) is None


def test_a_header_that_is_nested_beyond_reason_is_none() -> None:
    assert header_of(urlsafe_b64encode(b"[" * 6000).decode()) is None
    assert header_of(urlsafe_b64encode(b'{"alg":' + b"[" * 6000).decode()) is None
