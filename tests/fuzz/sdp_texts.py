"""Read by schemathesis itself: how bodies in WHIP's media types are written."""

from typing import Any

import schemathesis


@schemathesis.serializer("application/sdp", "application/trickle-ice-sdpfrag")
def as_text(_context: Any, value: Any) -> bytes:
    """The text, as it is."""
    return str(value).encode(errors="surrogateescape")
