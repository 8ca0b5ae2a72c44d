"""What is known of a request that was let in."""

from aiohttp import web

from .grants import Grant

GRANT = web.RequestKey("grant", Grant)
"""What the request's bearer may do; there before every handler that asks for a token."""

SENT_TO = web.RequestKey("host that was meant", str)
"""The host that the client was sent to by a redirect; empty where it came by itself."""

AVOID = web.RequestKey("hosts to avoid", tuple[str, ...])
"""The hosts that turned the session away before the client was sent here."""


def target(request: web.Request) -> str:
    """The request as tickets name it."""
    return f"{request.method} {request.path}"
