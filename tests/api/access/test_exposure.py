from pathlib import Path

import pytest

from argusd.api.access.exposure import check_bind, is_loopback
from argusd.api.config import Token
from argusd.api.errors import InsecureBind

from ..fixtures import make_config

TOKENS = (Token("everything"), Token("only-kyc", "kyc-"))


@pytest.mark.parametrize(
    ("host", "tokens", "fine"),
    [
        ("127.0.0.1", (), True),
        ("::1", (), True),
        ("localhost", (), True),
        ("0.0.0.0", (), False),
        ("::", (), False),
        ("192.0.2.1", (), False),
        ("argusd.example", (), False),
        ("0.0.0.0", TOKENS, True),
    ],
)
def test_an_address_others_can_reach_needs_a_token(host: str, tokens: tuple[Token, ...], fine: bool) -> None:
    config = make_config(Path("/nowhere"), host=host, tokens=tokens)
    if fine:
        check_bind(config)
    else:
        with pytest.raises(InsecureBind):
            check_bind(config)


def test_loopback_is_told_by_name_and_address() -> None:
    assert [is_loopback(host) for host in ("127.8.9.1", "[::1]", "localhost")] == [True] * 3
    assert [is_loopback(host) for host in ("10.0.0.1", "localhost.example", "", "0.0.0.0")] == [False] * 4
