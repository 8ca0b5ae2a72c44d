"""What is known of a request that was let in."""

from aiohttp import web

from .grants import Grant

GRANT = web.RequestKey("grant", Grant)
"""What the request's bearer may do; there before every handler that asks for a token."""

AVOID = web.RequestKey("hosts to avoid", tuple[str, ...])
"""The hosts that turned the session away before the client was sent here."""


def target(request: web.Request) -> str:
    """The request as tickets name it."""
    return f"{request.method} {request.path}"
