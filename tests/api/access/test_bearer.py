import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from argusd.api.access.bearer import token_of

CHARACTERS = st.characters(codec="ascii", categories=("L", "N"), include_characters="!#$%&'*+-.^_`|~")
TOKENS = st.text(CHARACTERS, min_size=1)  # what a protocol's name may hold (RFC 9110, 5.6.2)


def headers(*lines: tuple[str, str]) -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(CIMultiDict(lines))


def offers(*lines: str) -> CIMultiDictProxy[str]:
    return headers(*(("Sec-WebSocket-Protocol", line) for line in lines))


@pytest.mark.parametrize(
    ("authorization", "token"),
    [
        ("Bearer t0ken", "t0ken"),
        ("bearer  t0ken ", "t0ken"),
        ("Bearer", ""),
        ("t0ken", None),
        ("Basic t0ken", None),
        ("", None),
    ],
)
def test_authorization_shows_a_bearer_token(authorization: str, token: str | None) -> None:
    assert token_of(headers(("Authorization", authorization))) == token


@pytest.mark.parametrize(
    ("lines", "token"),
    [
        (["argusd, argusd.bearer.t0ken"], "t0ken"),
        (["argusd.bearer.t0ken,argusd"], "t0ken"),
        (["argusd", "argusd.bearer.t0ken"], "t0ken"),
        (["argusd.bearer.first, argusd.bearer.second"], "first"),
        (["argusd.bearer."], ""),
        (["argusd"], None),
        (["ARGUSD.BEARER.t0ken"], None),
        ([""], None),
        ([], None),
    ],
)
def test_a_websocket_shows_a_token_among_its_protocols(lines: list[str], token: str | None) -> None:
    assert token_of(offers(*lines)) == token


@given(TOKENS, st.lists(TOKENS), st.lists(TOKENS))
def test_whatever_else_is_offered_a_token_is_found_as_it_is(
    token: str, before: list[str], after: list[str]
) -> None:
    others = [[name for name in names if not name.startswith("argusd.bearer.")] for names in (before, after)]
    assert token_of(offers(", ".join([*others[0], f"argusd.bearer.{token}", *others[1]]))) == token


@given(st.text(), st.lists(st.text()))
def test_authorization_goes_first_and_no_text_is_too_strange(authorization: str, lines: list[str]) -> None:
    alone = headers(("Authorization", authorization))
    both = headers(("Authorization", authorization), *(("Sec-WebSocket-Protocol", line) for line in lines))
    assert token_of(both) == token_of(alone)
