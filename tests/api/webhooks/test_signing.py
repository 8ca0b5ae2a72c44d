"""Signatures as Standard Webhooks publishes them, and what a file of secrets may hold."""

import base64
from pathlib import Path

import pytest

from argusd.api.errors import SecretUnreadable
from argusd.api.webhooks.config import WebhookConfig
from argusd.api.webhooks.signing import key_of, read_keys, signed_headers

PUBLISHED = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_a_message_is_signed_as_the_published_example_is() -> None:
    headers = signed_headers(
        [key_of(PUBLISHED)], "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', 1614265330
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def config(tmp_path: Path, text: str) -> WebhookConfig:
    (tmp_path / "secret").write_text(text)
    return WebhookConfig(name="exams", url="https://app.example/hook", secret_file=tmp_path / "secret")


def test_while_a_secret_is_replaced_messages_are_signed_with_both(tmp_path: Path) -> None:
    newer = "whsec_" + base64.b64encode(bytes(64)).decode()
    keys = read_keys(config(tmp_path, f"{PUBLISHED}\n{newer}\n"))
    assert keys == (key_of(PUBLISHED), bytes(64))
    first, second = signed_headers(keys, "evt_1", b"{}", 1)["webhook-signature"].split()
    assert first == signed_headers(keys[:1], "evt_1", b"{}", 1)["webhook-signature"]
    assert second == signed_headers(keys[1:], "evt_1", b"{}", 1)["webhook-signature"]


@pytest.mark.parametrize(
    "text",
    [
        PUBLISHED.removeprefix("whsec_"),
        "whsec_not base64",
        "whsec_\u00e9" + 40 * "A",
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
        f"{PUBLISHED} {PUBLISHED} {PUBLISHED}",
    ],
)
def test_anything_else_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    with pytest.raises(SecretUnreadable, match=r"secret_file of exams must hold") as refused:
        read_keys(config(tmp_path, text))
    assert text not in str(refused.value)
