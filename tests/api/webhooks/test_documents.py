"""docs/webhooks.md: its receiver takes what we send, and its settings are those that there are."""

import re
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from argusd.api.webhooks.config import WebhookConfig
from argusd.api.webhooks.signing import key_of, signed_headers

from .listener import SECRET

PAGE = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text()
BODY = b'{"type": "gap"}'


@pytest.fixture
def is_from_argusd() -> Callable[..., bool]:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    function: Callable[..., bool] = names["is_from_argusd"]
    return function


def test_the_documented_receiver_takes_what_we_sign_and_nothing_else(
    is_from_argusd: Callable[..., bool],
) -> None:
    now = int(time.time())
    both = (key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), key_of(SECRET))
    headers = signed_headers(both, "evt_1", BODY, now)
    assert is_from_argusd(SECRET, headers, BODY)
    assert not is_from_argusd(SECRET, headers, BODY + b" ")
    assert not is_from_argusd(SECRET, headers | {"webhook-id": "evt_2"}, BODY)
    assert not is_from_argusd(SECRET, signed_headers(both[:1], "evt_1", BODY, now), BODY)
    assert not is_from_argusd(SECRET, signed_headers(both, "evt_1", BODY, now - 600), BODY)


def test_the_documented_settings_are_taken() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (table,) = tomllib.loads(text)["api"]["webhooks"]
    config = msgspec.convert(table, WebhookConfig, dec_hook=lambda kind, value: kind(value))
    assert config.__struct_fields__ == tuple(table), "each is shown"
