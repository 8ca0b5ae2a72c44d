"""Session tokens: what a service has this daemon make for the page of one session, for minutes.

A JSON Web Token (RFC 7519, HS256) of a type of its own (RFC 8725, 3.11), so that it is never taken for an
issuer's. All tokens of a session are one principal: the page that comes back with a fresh one may go on.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable

import jwt
import msgspec

from argusd.scheduler.contract.access.tokens import SessionScope
from argusd.scheduler.contract.errors import Unauthorized

from ..config import scopes_of
from ..http.rate_limit import RateLimit
from .grants import Grant
from .signing_keys import LEEWAY_S, SigningKeys
from .stamps import Stamps

TYPE = "argusd-session+jwt"
ALGORITHM = "HS256"
EXPIRED = "This session token has expired; ask the service that gave it for another one."
NOT_VALID = "This session token is not valid: it was changed, or its key was withdrawn."


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The header of our tokens, and nothing else: what is refused here no library has to read."""

    alg: str
    typ: str
    kid: str


class Claims(msgspec.Struct, frozen=True):
    """What a token says. ``exp``: until when, by the clock that hosts share."""

    exp: float
    session_id: str
    scope: str
    stamp: str


class SessionTokens:
    """Makes session tokens and reads them, with the keys that all hosts have in common."""

    def __init__(self, keys: SigningKeys, stamps: Stamps, limit: RateLimit | None) -> None:
        self._keys = keys
        self._stamps = stamps
        self._limit = limit

    def now(self) -> float:
        """Unix seconds, by the clock that hosts share."""
        return self._keys.clock.now()

    async def make(self, session_id: str, scopes: Iterable[SessionScope], expires_at: float) -> str:
        """A token for a session; ``expires_at``: unix seconds.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        key = await self._keys.newest()
        stamp = await self._stamps.of(session_id)
        claims = {
            "session_id": session_id,
            "scope": " ".join(scopes),
            "exp": int(expires_at),
            "stamp": stamp,
        }
        return jwt.encode(claims, key.secret, ALGORITHM, {"typ": TYPE, "kid": key.name})

    async def grant_of(self, token: str, header: Header) -> Grant:
        """What a token, whose header this is, lets its bearer do.

        Raises:
            Unauthorized: it is not good, or not any more; the sentence says which.
            StoreUnavailable: Redis does not answer.
        """
        secret = await self._keys.find(header.kid)
        if secret is None:
            raise Unauthorized(NOT_VALID)
        try:
            said = jwt.decode(token, secret, [ALGORITHM], {"verify_exp": False})  # by this host's own clock
            claims = msgspec.convert(said, Claims)
        except (jwt.PyJWTError, msgspec.ValidationError, UnicodeError):
            raise Unauthorized(NOT_VALID) from None
        if claims.exp <= self.now() - LEEWAY_S:
            raise Unauthorized(EXPIRED)
        grant = Grant(
            principal(claims.session_id),
            scopes_of(claims.scope.split()),
            session_id=claims.session_id,
            limit=self._limit,
            stamp=claims.stamp,
        )
        await self._stamps.check(grant)
        return grant

    async def withdraw(self) -> None:
        """End all session tokens. Raises what ``SigningKeys.withdraw`` raises."""
        await self._keys.withdraw()


def header_of(token: str) -> Header | None:
    """The header of a session token; None where the token is of another kind."""
    first, _, _ = token.partition(".")
    try:
        text = base64.b64decode(first + "=" * (-len(first) % 4), altchars=b"-_", validate=True)
        header = msgspec.json.decode(text, type=Header)
    except (binascii.Error, ValueError, msgspec.DecodeError, RecursionError):
        return None
    return header if header.typ == TYPE else None


def principal(session_id: str) -> str:
    """Who the bearer of a session's token counts for."""
    return hashlib.blake2b(f"session\0{session_id}".encode(), digest_size=16).hexdigest()
