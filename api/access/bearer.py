"""Where a request shows its token: in ``Authorization`` (RFC 6750, 2.1), or among the protocols that a
WebSocket offers, since a page cannot set the headers of its handshake. Pure."""

from collections.abc import Iterator

from multidict import CIMultiDictProxy

from argusd.scheduler.contract.http import BEARER_PROTOCOL

PROTOCOLS = "Sec-WebSocket-Protocol"


def token_of(headers: CIMultiDictProxy[str]) -> str | None:
    """The bearer token that is shown; None where there is none. ``Authorization`` goes first."""
    authorization = headers.get("Authorization")
    if authorization is None:
        return next(offered_tokens(headers), None)
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def offered_protocols(headers: CIMultiDictProxy[str]) -> list[str]:
    """What a WebSocket offers to speak (RFC 6455, 4.1), best first; several lines are one list."""
    return [name.strip() for line in headers.getall(PROTOCOLS, []) for name in line.split(",")]


def offered_tokens(headers: CIMultiDictProxy[str]) -> Iterator[str]:
    """The tokens among the protocols that are offered."""
    for name in offered_protocols(headers):
        if name.startswith(BEARER_PROTOCOL):
            yield name.removeprefix(BEARER_PROTOCOL)
