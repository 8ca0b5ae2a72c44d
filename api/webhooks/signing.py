"""Signatures by which a receiver knows that a message is ours (Standard Webhooks, standardwebhooks.com).

Signed with HMAC-SHA256 is ``{webhook-id}.{webhook-timestamp}.{body}``. The secret is ``whsec_`` and 24 to 64
random bytes in base64. A file may hold two, one a line: while a secret is replaced, messages are signed with
both.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from ..errors import SecretUnreadable
from ..secrets import read_secret
from .config import WebhookConfig

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64  # bytes of a secret
MOST_SECRETS = 2


def read_keys(config: WebhookConfig) -> tuple[bytes, ...]:
    """The keys in a webhook's file.

    Raises:
        SecretUnreadable: the file cannot be read, or does not hold one or two secrets.
    """
    where = f"api.webhooks: secret_file of {config.name}"
    secrets = read_secret(config.secret_file, where).split()
    keys = [key_of(secret) for secret in secrets]
    if len(keys) > MOST_SECRETS or not all(SHORTEST <= len(key) <= LONGEST for key in keys):
        raise SecretUnreadable(
            f"{where} must hold one secret, or two, each {PREFIX} and {SHORTEST} to {LONGEST} bytes in base64"
        )
    return tuple(keys)


def key_of(secret: str) -> bytes:
    """The bytes of a secret, none where it is not of the form."""
    if not secret.startswith(PREFIX):
        return b""
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:  # not base64, or not even ASCII
        return b""


def signed_headers(keys: Sequence[bytes], message_id: str, body: bytes, now: int) -> dict[str, str]:
    """The headers of a message that is sent ``now`` (unix seconds)."""
    content = f"{message_id}.{now}.".encode() + body
    digests = (hmac.digest(key, content, hashlib.sha256) for key in keys)
    signatures = " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
    return {"webhook-id": message_id, "webhook-timestamp": str(now), "webhook-signature": signatures}
