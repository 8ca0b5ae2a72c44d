"""What the configuration says of a webhook."""

from pathlib import Path
from typing import Literal

import msgspec

from argusd.scheduler.contract.http import WebUrl
from argusd.scheduler.contract.names import Name, NameStart

EventType = Literal["violation", "observation", "session"]


class WebhookConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A receiver of events, ``[[api.webhooks]]``.

    ``name`` is what it is called in logs and figures, and what its place in the event log goes by. It gets
    the events of these ``types``, with ``names`` only those that are called so, with ``session_prefix`` only
    those of sessions whose id starts so. ``secret_file`` holds the secret that messages are signed with, or
    two while it is replaced, one a line: ``whsec_`` and 24 to 64 random bytes in base64.
    """

    name: Name
    url: WebUrl
    secret_file: Path
    types: tuple[EventType, ...] = ("violation", "session")
    names: tuple[str, ...] = ()
    session_prefix: NameStart = ""
